import { type Bus, busServices, servicePermissions } from '@daybook/bus'
import { openAppends } from '@daybook/client/appends'
import { type AppendRequest, type AppendResult, subjects } from '@daybook/events'
import { assertCaller, CALLER_HEADER, type Caller } from '@daybook/runtime'

/** Whose an event is and who made it. */
export type Author = Pick<Caller, 'tenant' | 'actor'>

/**
 * Appends for an author. A lost answer is asked for again with the same ids, so nothing is doubled. Codes: those of the
 * journal, and `timeout` when the outcome stayed unknown.
 */
export type Appender = (request: AppendRequest, author: Author) => Promise<AppendResult>

export interface AppenderOptions {
  /** Of the journal service. */
  readonly url: string
  /** By which services vouch for callers. */
  readonly callerKey: string
  /** Which service of Daybook asks: some of what it says nobody else may. */
  readonly service: string
  /** On which the journal is asked while it is connected, if the service may. */
  readonly bus?: Pick<Bus, 'connected' | 'request'>
  /** All attempts together; 10 seconds unless told: less than the gateway waits for an answer. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000

/**
 * Appends at the journal service, over NATS while that is connected, and over HTTP otherwise. It vouches for the author and
 * for the scope `append`, whatever scopes they have: the route that a command came through has asked for the right one.
 * Opens no connection before the first append.
 */
export function journalAppender({
  url,
  callerKey,
  service,
  bus,
  timeoutMs = TIMEOUT_MS,
}: AppenderOptions): Appender {
  const append = openAppends({ url, timeoutMs })
  const nats = bus !== undefined && mayAppendOverNats(service) ? bus : undefined
  return (request, { tenant, actor }) => {
    const caller = { tenant, actor, scopes: ['append'], service } as const
    const headers = { [CALLER_HEADER]: assertCaller(callerKey, caller) }
    const subject = subjects.rpc(tenant, 'journal', 'append')
    return append(request, headers, nats && { bus: nats, subject })
  }
}

/** A service without the permission would be refused by the server each time. */
function mayAppendOverNats(service: string): boolean {
  const known = busServices.find((name) => name === service)
  const subject = subjects.rpc('*', 'journal', 'append')
  return known !== undefined && servicePermissions[known].publish.includes(subject)
}
