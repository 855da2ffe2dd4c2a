import { DaybookError } from '@daybook/errors'
import { isDecisionKey, type PreparedRequest } from '@daybook/events'

/** What is on record of the journal itself: it is never erased. */
const RECORD_KINDS: ReadonlyMap<string, string> = new Map([
  ['erasure', 'POST /v1/erasures'],
  ['hold', 'PUT /v1/holds/{kind}/{id}'],
  ['archive', 'the archive of the journal'],
  ['token', 'POST and DELETE /v1/tokens'],
])

/** What these streams say, Daybook acts upon: it has to come through the doors that check it. */
const RESERVED_KINDS: ReadonlyMap<string, string> = new Map([
  ...RECORD_KINDS,
  ['inbound', 'POST /v1/inbound/messages and the commands below it'],
])

/** By kind: what tells who follows such a stream that payloads of it were erased. */
export const ERASURE_NOTICES: ReadonlyMap<string, string> = new Map([
  ['run', 'RUN_PAYLOADS_ERASED'],
  ['session', 'SESSION_PAYLOADS_ERASED'],
  ['inbound', 'INBOUND_PAYLOADS_ERASED'],
])
const NOTICE_TYPES: ReadonlySet<string> = new Set(ERASURE_NOTICES.values())

/** Whether events of this type tell of erasures. */
export function isErasureNotice(type: string): boolean {
  return NOTICE_TYPES.has(type)
}

/** What a service says of its own accord. */
const KINDS_OF_SERVICE: Readonly<Record<string, string>> = { gateway: 'token', inbound: 'inbound' }
/** Decides about approvals, for callers with the scope for it. An agent with another one could approve its own request. */
const DECIDING_SERVICE = 'projection'

/**
 * Refuses a producer's request that would append what only Daybook may say; `service` is the one that asks, if it is
 * one of Daybook's. Code: `reserved-event-type`.
 */
export function requireUnreserved({ events }: PreparedRequest, service?: string): void {
  for (const { kind, type, key } of events) {
    if (isDecisionKey(key) && service !== DECIDING_SERVICE)
      throw new DaybookError('reserved-event-type', `The key ${key} is given by POST /v1/approvals only.`)
    const isNotice = isErasureNotice(type)
    const isOwn = !isNotice && service !== undefined && KINDS_OF_SERVICE[service] === kind
    const door = RESERVED_KINDS.get(isNotice ? 'erasure' : kind)
    if (door === undefined || isOwn) continue
    throw new DaybookError('reserved-event-type', `${type} is appended by ${door} only.`)
  }
}

/** Whether a stream tells of erasures, holds, archives or tokens; that is never erased. */
export function isReserved(kind: string): boolean {
  return RECORD_KINDS.has(kind)
}
