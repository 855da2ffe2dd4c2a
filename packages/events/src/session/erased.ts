import type { JournalEvent } from '../envelope.ts'
import { type ErasureNotice, noticeSchema, readNotice } from '../erasure/notice.ts'
import { defineEvent } from '../event-type.ts'

/** Whoever follows the session learns here, in its place, that payloads of it were erased. */
export const sessionPayloadsErased = defineEvent({
  kind: 'session',
  type: 'SESSION_PAYLOADS_ERASED',
  v: 1,
  description:
    'Payloads of earlier events of the session were erased: those of these seqs, both ends included.',
  schema: noticeSchema,
})

/** What a `SESSION_PAYLOADS_ERASED` says; undefined for any other event. */
export function sessionErasureOf(event: JournalEvent): ErasureNotice | undefined {
  return readNotice(sessionPayloadsErased.type, event)
}
