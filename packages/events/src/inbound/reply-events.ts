import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { json } from '../run/fields.ts'
import {
  aboutReply,
  attempt,
  claimIdSchema,
  delayMsSchema,
  failureSchema,
  leaseMsSchema,
  reasonSchema,
  tokenSchema,
  workerSchema,
} from './fields.ts'

const { Optional, String: Text } = Type

/** By which a platform that can, or a sender, recognises a reply that it has sent before. */
export const idempotencyKeySchema = Text({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,200}$' })

export const outboundQueued = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_QUEUED',
  v: 1,
  description: 'A reply to a message is to be sent, after those before it in the conversation.',
  schema: aboutReply({ payload: json, idempotencyKey: idempotencyKeySchema }),
})

export const outboundClaimed = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_CLAIMED',
  v: 1,
  description: 'A sender is about to send it. The seq of this event is the token of the lease.',
  schema: aboutReply({ worker: workerSchema, claimId: claimIdSchema, leaseMs: leaseMsSchema, attempt }),
})

export const outboundExtended = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_EXTENDED',
  v: 1,
  description: 'The sender needs longer. The seq of this event is the new token.',
  schema: aboutReply({ token: tokenSchema, leaseMs: leaseMsSchema }),
})

export const outboundSent = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_SENT',
  v: 1,
  description: 'The platform has taken it; `receipt` is what it answered.',
  schema: aboutReply({ token: tokenSchema, receipt: Optional(json) }),
})

export const outboundAmbiguous = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_AMBIGUOUS',
  v: 1,
  description:
    'It may have been sent or not: the sender did not report, or cannot tell. With `resend` it is sent again, as one that may be a repetition.',
  schema: aboutReply({ token: tokenSchema, reason: reasonSchema, resend: Type.Boolean() }),
})

export const outboundFailed = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_FAILED',
  v: 1,
  description: 'It was certainly not sent; it is due again after a while.',
  schema: aboutReply({ token: tokenSchema, attempt, error: failureSchema, retryAfterMs: delayMsSchema }),
})

export const outboundReleased = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_RELEASED',
  v: 1,
  description: 'A sender gave it back without having tried; that is no attempt.',
  schema: aboutReply({ token: tokenSchema, reason: reasonSchema, delayMs: delayMsSchema }),
})

export const outboundDead = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_DEAD',
  v: 1,
  description: 'It cannot be sent, and was not. Its message is dead with it, until a person requeues that.',
  schema: aboutReply({ reason: Type.Enum(['attempts', 'not-retryable', 'erased']) }),
})

export const outboundRequeued = defineEvent({
  kind: 'inbound',
  type: 'OUTBOUND_REQUEUED',
  v: 1,
  description: 'A person has a dead reply sent again.',
  schema: aboutReply({ reason: reasonSchema }),
})
