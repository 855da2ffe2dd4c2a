import { Type } from 'typebox'
import { noticeSchema } from '../erasure/notice.ts'
import { defineEvent } from '../event-type.ts'
import { json } from '../run/fields.ts'
import {
  aboutMessage,
  attempt,
  claimIdSchema,
  delayMsSchema,
  failureSchema,
  instant,
  leaseMsSchema,
  payloadHash,
  REPLIES_MAX,
  reasonSchema,
  tokenSchema,
  workerSchema,
} from './fields.ts'
import { ACCOUNT_PATTERN, FOREIGN_ID_PATTERN, SOURCE_PATTERN } from './lane.ts'

const { Integer, Optional, String: Text } = Type

/** Why a message is dead, besides what its last attempt says. */
export const deathSchema = Type.Enum(
  ['attempts', 'not-retryable', 'stale', 'evicted', 'reply-dead', 'erased'],
  {
    description:
      'attempts: too many failed; not-retryable: the worker said so; stale: older than its source allows; evicted: the source was over its limit; reply-dead: a reply could not be sent; erased: its payload was erased before it was worked on',
  },
)

export const inboundReceived = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_RECEIVED',
  v: 1,
  description: 'A platform delivered a message for the first time. Its key is unique in its conversation.',
  schema: aboutMessage({
    source: Text({ pattern: SOURCE_PATTERN }),
    account: Text({ pattern: ACCOUNT_PATTERN }),
    conversation: Text({ pattern: FOREIGN_ID_PATTERN }),
    messageId: Text({ pattern: FOREIGN_ID_PATTERN }),
    payload: json,
    payloadHash,
    eventTime: Optional(instant),
  }),
})

export const inboundDuplicated = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_DUPLICATED',
  v: 1,
  description: 'The same message was delivered again, with the same body.',
  schema: aboutMessage({}),
})

export const inboundConflicted = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_CONFLICTED',
  v: 1,
  description: 'A message came again with another body: it was edited, or two messages have one id.',
  schema: aboutMessage({ payload: json, payloadHash, eventTime: Optional(instant) }),
})

export const inboundClaimed = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_CLAIMED',
  v: 1,
  description: 'A worker has it, until the lease runs out. The seq of this event is the token of the lease.',
  schema: aboutMessage({ worker: workerSchema, claimId: claimIdSchema, leaseMs: leaseMsSchema, attempt }),
})

export const inboundExtended = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_EXTENDED',
  v: 1,
  description: 'The worker needs longer. The seq of this event is the new token.',
  schema: aboutMessage({ token: tokenSchema, leaseMs: leaseMsSchema }),
})

export const inboundCompleted = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_COMPLETED',
  v: 1,
  description: 'The work is done. The message is finished once the replies, which follow, are settled.',
  schema: aboutMessage({
    token: tokenSchema,
    result: Optional(json),
    replies: Integer({ minimum: 0, maximum: REPLIES_MAX }),
  }),
})

export const inboundFailed = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_FAILED',
  v: 1,
  description: 'An attempt failed, or its lease ran out. The message is due again after a while.',
  schema: aboutMessage({ token: tokenSchema, attempt, error: failureSchema, retryAfterMs: delayMsSchema }),
})

export const inboundReleased = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_RELEASED',
  v: 1,
  description: 'A worker gave it back without having tried; that is no attempt.',
  schema: aboutMessage({ token: tokenSchema, reason: reasonSchema, delayMs: delayMsSchema }),
})

export const inboundDead = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_DEAD',
  v: 1,
  description: 'Nobody tries it any more, until a person requeues it.',
  schema: aboutMessage({ reason: deathSchema }),
})

export const inboundRequeued = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_REQUEUED',
  v: 1,
  description: 'A person has a dead message tried again. It comes last in its conversation.',
  schema: aboutMessage({ reason: reasonSchema }),
})

export const inboundDismissed = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_DISMISSED',
  v: 1,
  description: 'A person has taken note of it: nothing more is done about it.',
  schema: aboutMessage({ reason: reasonSchema }),
})

/** Whoever follows the conversation learns here, in its place, that payloads of it were erased. */
export const inboundPayloadsErased = defineEvent({
  kind: 'inbound',
  type: 'INBOUND_PAYLOADS_ERASED',
  v: 1,
  description:
    'Payloads of earlier events of the conversation were erased: those of these seqs, both ends included.',
  schema: noticeSchema,
})
