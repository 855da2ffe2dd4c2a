import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { STREAM_PATTERN } from '../stream.ts'

/**
 * All holds of a tenant are in this stream. An erasure names the seq of it that it has seen, so that no hold can come
 * between the look and the erasure.
 */
export const HOLDS_STREAM = 'hold/legal'

const schema = Type.Object(
  {
    stream: Type.String({ pattern: STREAM_PATTERN }),
    reason: Type.String({ minLength: 1, maxLength: 2_000 }),
  },
  { additionalProperties: false },
)

export const holdSet = defineEvent({
  kind: 'hold',
  type: 'HOLD_SET',
  v: 1,
  description: 'Nothing of the stream may be erased from now on.',
  schema,
})

export const holdReleased = defineEvent({
  kind: 'hold',
  type: 'HOLD_RELEASED',
  v: 1,
  description: 'The stream may be erased again.',
  schema,
})
