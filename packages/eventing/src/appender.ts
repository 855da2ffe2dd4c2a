import { openAppends } from '@daybook/client/appends'
import type { AppendRequest, AppendResult } from '@daybook/events'
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
  /** All attempts together; 10 seconds unless told: less than the gateway waits for an answer. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000

/**
 * Appends at the journal service over HTTP, which works while NATS is away. It vouches for the author and for the scope
 * `append`, whatever scopes they have: the route that a command came through has asked for the right one. Opens no
 * connection before the first append.
 */
export function journalAppender({
  url,
  callerKey,
  service,
  timeoutMs = TIMEOUT_MS,
}: AppenderOptions): Appender {
  const append = openAppends({ url, timeoutMs })
  return (request, { tenant, actor }) => {
    const caller = { tenant, actor, scopes: ['append'], service } as const
    return append(request, { [CALLER_HEADER]: assertCaller(callerKey, caller) })
  }
}
