import { Type } from 'typebox'
import type { JournalEvent } from '../envelope.ts'
import { ULID_PATTERN } from '../id.ts'
import { Validator } from '../validator.ts'

const seq = Type.Integer({ minimum: 1 })

/**
 * What a stream is told of an erasure, in its place among the events: the payloads of these seqs were erased, both ends
 * included. What is on record of the erasure itself is in `erasure/<erasureId>`.
 */
export const noticeSchema = Type.Object(
  {
    erasureId: Type.String({ pattern: ULID_PATTERN }),
    ranges: Type.Array(Type.Object({ first: seq, last: seq }, { additionalProperties: false }), {
      minItems: 1,
    }),
  },
  { additionalProperties: false },
)

const validator = new Validator(noticeSchema)

/** What a notice says. */
export interface ErasureNotice {
  readonly erasureId: string
  readonly isErased: (seq: number) => boolean
}

/** What an event of this type says; undefined for any other event. */
export function readNotice(
  type: string,
  event: Pick<JournalEvent, 'type' | 'data'>,
): ErasureNotice | undefined {
  if (event.type !== type || !validator.check(event.data)) return undefined
  const { erasureId, ranges } = event.data
  return { erasureId, isErased: (at) => ranges.some(({ first, last }) => at >= first && at <= last) }
}
