import type { JsonObject } from '@daybook/errors'
import { type Static, Type } from 'typebox'
import { SHA256_PATTERN } from './blob.ts'
import { ULID_PATTERN } from './id.ts'
import { INSTANT_PATTERN } from './instant.ts'
import { STREAM_PATTERN } from './stream.ts'
import { TENANT_PATTERN } from './tenant.ts'

const closed = { additionalProperties: false }
/** Names that producers choose; long enough for a URL path, short enough for an index. */
const label = { pattern: '^[^\\u0000-\\u001f\\u007f]{1,200}$' }
const instant = { pattern: INSTANT_PATTERN }
const seq = Type.Integer({ minimum: 1 })
const sha256 = Type.String({ pattern: SHA256_PATTERN })

/** Who did it. */
export const actorSchema = Type.Object(
  { kind: Type.Enum(['agent', 'user', 'service', 'schedule']), id: Type.String(label) },
  closed,
)

const draftFields = {
  id: Type.String({ pattern: ULID_PATTERN, description: 'A ULID made by the producer; the idempotency key' }),
  stream: Type.String({ pattern: STREAM_PATTERN, description: '<kind>/<id>' }),
  type: Type.String({ minLength: 1, maxLength: 64 }),
  v: Type.Integer({ minimum: 1, maximum: 32_767, description: 'The version of the schema of the type' }),
  key: Type.Optional(
    Type.String({ ...label, description: 'A natural idempotency key, unique in the stream' }),
  ),
  data: Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true }),
  actor: Type.Optional(actorSchema),
  occurredAt: Type.Optional(Type.String({ ...instant, description: "The producer's clock" })),
  correlationId: Type.Optional(Type.String(label)),
  causationId: Type.Optional(Type.String(label)),
  traceparent: Type.Optional(
    Type.String({ pattern: '^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$' }),
  ),
}

/** An event as its producer sends it. */
export const draftSchema = Type.Object(draftFields, closed)

const expectationSchema = Type.Union([
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.Enum(['absent', 'exists']),
])

/** Events that are appended together or not at all, also across streams. */
export const appendRequestSchema = Type.Object(
  {
    events: Type.Array(draftSchema, { minItems: 1, maxItems: 1000 }),
    expect: Type.Optional(Type.Record(Type.String(), expectationSchema)),
  },
  closed,
)

/** The outline of a request, by which it is taken apart; each event is then checked by itself. */
export const appendRequestShape = Type.Object(
  {
    events: Type.Array(Type.Unknown(), { minItems: 1 }),
    expect: Type.Optional(Type.Record(Type.String(), expectationSchema)),
  },
  closed,
)

/** A committed event. New fields may come, so a reader takes what it does not know. */
export const journalEventSchema = Type.Object({
  ...draftFields,
  tenant: Type.String({ pattern: TENANT_PATTERN }),
  seq: Type.Integer({ minimum: 1, description: '1, 2, 3 … within the stream' }),
  position: Type.Integer({ minimum: 1, description: '1, 2, 3 … over the whole journal' }),
  actor: actorSchema,
  occurredAt: Type.String(instant),
  recordedAt: Type.String({ ...instant, description: "The journal's clock" }),
  checksum: sha256,
  prev: sha256,
  hash: sha256,
  erased: Type.Optional(
    Type.Object(
      { erasureId: Type.String({ description: 'Which erasure took the payload' }) },
      { description: 'The payload is gone, and data is empty; the checksum is still that of the payload' },
    ),
  ),
})

/** What an append answers for each event: proof that it is committed, and where. */
export const receiptSchema = Type.Object({
  id: Type.String(),
  stream: Type.String(),
  seq,
  position: seq,
  recordedAt: Type.String(instant),
  checksum: sha256,
  hash: sha256,
  duplicate: Type.Boolean({
    description: 'true when this id was appended before; the receipt is the first one',
  }),
})

/** The answer to an append: a receipt for each event, in the order of the request. */
export const appendResultSchema = Type.Object({ receipts: Type.Array(receiptSchema) })

/** See `actorSchema`. */
export type Actor = Static<typeof actorSchema>
/** See `draftSchema`. */
export type Draft = Static<typeof draftSchema>
/** Where a stream has to be for an append to be accepted: at this seq, not there at all, or there in any state. */
export type Expectation = Static<typeof expectationSchema>
/** See `appendRequestSchema`. */
export type AppendRequest = Static<typeof appendRequestSchema>
/** See `journalEventSchema`. */
export type JournalEvent = Static<typeof journalEventSchema>
/** See `receiptSchema`. */
export type Receipt = Static<typeof receiptSchema>
/** See `appendResultSchema`. */
export type AppendResult = Static<typeof appendResultSchema>
