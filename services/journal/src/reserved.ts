import { DaybookError } from '@daybook/errors'
import type { PreparedRequest } from '@daybook/events'

/** What these streams say, Daybook acts upon: it has to come through the doors that check it. */
const RESERVED_KINDS: ReadonlyMap<string, string> = new Map([
  ['erasure', 'POST /v1/erasures'],
  ['hold', 'PUT /v1/holds/{kind}/{id}'],
  ['archive', 'the archive of the journal'],
])

/** Tells who follows a run that payloads of it were erased. */
export const ERASURE_NOTICE = 'RUN_PAYLOADS_ERASED'

/** Refuses a producer's request that would append what only Daybook may say. Code: `reserved-event-type`. */
export function requireUnreserved({ events }: PreparedRequest): void {
  for (const { kind, type } of events) {
    const door = type === ERASURE_NOTICE ? RESERVED_KINDS.get('erasure') : RESERVED_KINDS.get(kind)
    if (door === undefined) continue
    throw new DaybookError('reserved-event-type', `${type} is appended by ${door} only.`)
  }
}

/** Whether a stream tells of erasures, holds or archives; that is never erased. */
export function isReserved(kind: string): boolean {
  return RESERVED_KINDS.has(kind)
}
