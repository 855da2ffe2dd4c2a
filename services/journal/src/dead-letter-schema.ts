import { actorSchema } from '@daybook/events'
import { Type } from 'typebox'

export const closed = { additionalProperties: false }
export const ulid = Type.String({ pattern: '^[0-9A-Z]{26}$' })
const name = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$' })
const statusSchema = Type.Enum(['open', 'requeued', 'dismissed'], {
  description: 'open until a person decides, and again when it is refused again',
})

const deadLetterFields = {
  id: Type.String(),
  source: Type.String({ description: 'The consumer that refused it' }),
  subject: Type.String(),
  stream: Type.Optional(Type.String({ description: 'Of an event that a projection could not apply' })),
  seq: Type.Optional(Type.Integer()),
  position: Type.Optional(Type.Integer()),
  code: Type.String(),
  detail: Type.String(),
  occurrences: Type.Integer(),
  firstSeenAt: Type.String(),
  lastSeenAt: Type.String(),
  bytes: Type.Integer({ description: 'Of the message; 0 for an event, whose content is in the journal' }),
  status: statusSchema,
  resolvedAt: Type.Optional(Type.String({ description: 'When it was accepted after all' })),
}
export const deadLetterSchema = Type.Object(deadLetterFields, closed)

const decisionSchema = Type.Object(
  {
    action: Type.Enum(['requeued', 'dismissed', 'reopened', 'resolved']),
    outcome: Type.Optional(Type.String({ description: 'Of a requeue that was refused again: its code' })),
    actor: actorSchema,
    reason: Type.String(),
    at: Type.String(),
  },
  closed,
)

export const deadLetterContentSchema = Type.Object(
  {
    ...deadLetterFields,
    headers: Type.Record(Type.String(), Type.String()),
    body: Type.String(),
    encoding: Type.Enum(['utf8', 'base64']),
    decisions: Type.Array(decisionSchema, { description: 'What was decided about it, oldest first' }),
  },
  closed,
)

export const filterFields = {
  status: Type.Optional(statusSchema),
  source: Type.Optional(name),
  code: Type.Optional(name),
}
export const idParams = Type.Object({ id: Type.String({ maxLength: 64 }) }, closed)

export const decisionBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1_000, pattern: '^[^\\u0000]*$' }) },
  closed,
)
