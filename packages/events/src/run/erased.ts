import { Type } from 'typebox'
import type { JournalEvent } from '../envelope.ts'
import { defineEvent } from '../event-type.ts'
import { ULID_PATTERN } from '../id.ts'
import { Validator } from '../validator.ts'

const seq = Type.Integer({ minimum: 1 })

/**
 * Payloads of earlier events of the run were erased: those of these seqs, both ends included. Whoever follows the run
 * learns of it here, in its place; what is on record of the erasure itself is in `erasure/<erasureId>`.
 */
export const runPayloadsErased = defineEvent({
  kind: 'run',
  type: 'RUN_PAYLOADS_ERASED',
  v: 1,
  description: 'Payloads of earlier events of the run were erased: those of these seqs, both ends included.',
  schema: Type.Object(
    {
      erasureId: Type.String({ pattern: ULID_PATTERN }),
      ranges: Type.Array(Type.Object({ first: seq, last: seq }, { additionalProperties: false }), {
        minItems: 1,
      }),
    },
    { additionalProperties: false },
  ),
})

const validator = new Validator(runPayloadsErased.schema)

/** What a `RUN_PAYLOADS_ERASED` says; undefined for any other event. */
export function runErasureOf(
  event: JournalEvent,
): { erasureId: string; isErased: (seq: number) => boolean } | undefined {
  if (event.type !== runPayloadsErased.type || !validator.check(event.data)) return undefined
  const { erasureId, ranges } = event.data
  return { erasureId, isErased: (at) => ranges.some(({ first, last }) => at >= first && at <= last) }
}
