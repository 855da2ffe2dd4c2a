import { type Static, Type } from 'typebox'
import { SHA256_PATTERN } from '../blob.ts'
import type { JournalEvent } from '../envelope.ts'
import { defineEvent } from '../event-type.ts'
import { ULID_PATTERN } from '../id.ts'
import { STREAM_PATTERN } from '../stream.ts'
import { Validator } from '../validator.ts'

const closed = { additionalProperties: false }

/** An event whose payload goes; its checksum says which payload that was, also to who still has a copy. */
const erasedEvent = Type.Object(
  {
    id: Type.String({ pattern: ULID_PATTERN }),
    stream: Type.String({ pattern: STREAM_PATTERN }),
    seq: Type.Integer({ minimum: 1 }),
    position: Type.Integer({ minimum: 1 }),
    checksum: Type.String({ pattern: SHA256_PATTERN }),
  },
  closed,
)

/**
 * Payloads are erased: those of these events, in `erasure/<id of the erasure>`. It is appended before they go, and says
 * so for ever. An erasure of many events has several of them. `stream` is there when all of a stream was meant.
 */
export const payloadsErased = defineEvent({
  kind: 'erasure',
  type: 'PAYLOADS_ERASED',
  v: 1,
  description: 'Payloads are erased: those of these events. It is appended before they go, and stays.',
  schema: Type.Object(
    {
      reason: Type.String({ minLength: 1, maxLength: 2_000 }),
      stream: Type.Optional(Type.String({ pattern: STREAM_PATTERN })),
      events: Type.Array(erasedEvent, { minItems: 1, maxItems: 1_000 }),
    },
    closed,
  ),
})

/** What a `PAYLOADS_ERASED` says. */
export type Erasure = Static<typeof payloadsErased.schema> & { erasureId: string }

const validator = new Validator(payloadsErased.schema)

/** What an event says of an erasure; undefined if it is not about one. */
export function erasureOf(event: JournalEvent): Erasure | undefined {
  const prefix = 'erasure/'
  if (event.type !== payloadsErased.type || !event.stream.startsWith(prefix)) return undefined
  if (!validator.check(event.data)) return undefined
  return { ...event.data, erasureId: event.stream.slice(prefix.length) }
}

/** The event without its payload, as the journal gives it out once the erasure is carried out. */
export function withoutPayload(event: JournalEvent, erasureId: string): JournalEvent {
  return { ...event, data: {}, erased: { erasureId } }
}
