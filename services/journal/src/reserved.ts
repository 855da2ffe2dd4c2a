import { DaybookError } from '@daybook/errors'
import { isDecisionKey, isErasureNotice, type PreparedRequest, reservedDoorOf } from '@daybook/events'

/** What a service says of its own accord. */
const KINDS_OF_SERVICE: Readonly<Record<string, string>> = {
  gateway: 'token',
  inbound: 'inbound',
  cron: 'cron',
}
/** Decides about approvals, for callers with the scope for it. An agent with another one could approve its own request. */
const DECIDING_SERVICE = 'projection'

/**
 * Refuses a producer's request that would append what only Daybook may say; `service` is the one that asks, if it is
 * one of Daybook's. Code: `reserved-event-type`.
 */
export function requireUnreserved({ events }: PreparedRequest, service?: string): void {
  for (const [index, { kind, type, key }] of events.entries()) {
    const details = { path: `events[${index}]` }
    if (isDecisionKey(key) && service !== DECIDING_SERVICE)
      throw new DaybookError('reserved-event-type', `The key ${key} is given by POST /v1/approvals only.`, {
        details,
      })
    const isOwn = !isErasureNotice(type) && service !== undefined && KINDS_OF_SERVICE[service] === kind
    const door = reservedDoorOf({ kind, type })
    if (door === undefined || isOwn) continue
    throw new DaybookError('reserved-event-type', `${type} is appended by ${door} only.`, { details })
  }
}
