import type { JournalEvent } from '../envelope.ts'
import { type ErasureNotice, noticeSchema, readNotice } from '../erasure/notice.ts'
import { defineEvent } from '../event-type.ts'

/** Whoever follows the run learns here, in its place, that payloads of it were erased. */
export const runPayloadsErased = defineEvent({
  kind: 'run',
  type: 'RUN_PAYLOADS_ERASED',
  v: 1,
  description: 'Payloads of earlier events of the run were erased: those of these seqs, both ends included.',
  schema: noticeSchema,
})

/** What a `RUN_PAYLOADS_ERASED` says; undefined for any other event. */
export function runErasureOf(event: JournalEvent): ErasureNotice | undefined {
  return readNotice(runPayloadsErased.type, event)
}
