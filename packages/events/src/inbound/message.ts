import { type Static, Type } from 'typebox'
import { json } from '../run/fields.ts'
import { failureSchema, MESSAGE_KEY_PATTERN } from './fields.ts'
import { deathSchema } from './message-events.ts'

const { Integer, Object: Struct, Optional, String: Text } = Type
const text = Text()
const total = Integer({ minimum: 0 })
const seq = Integer({ minimum: 1 })

/** What a message can be, in the order in which it comes through them. */
export const messageStates = ['pending', 'claimed', 'replying', 'completed', 'dead', 'dismissed'] as const
/** What a reply can be. */
export const replyStates = ['pending', 'claimed', 'sent', 'ambiguous', 'dead'] as const

/** Who has it now, and until when. */
const leaseSchema = Struct({
  worker: text,
  claimId: text,
  token: Integer({ minimum: 1, description: 'The seq of the event that granted or extended the lease' }),
  tokens: Type.Array(seq, { description: 'Earlier tokens of this lease, which hold as well' }),
  until: Text({ description: "By the journal's clock" }),
})

/** An attempt that failed, and why. */
const attemptSchema = Struct({
  attempt: seq,
  at: text,
  seq,
  worker: Optional(text),
  error: Optional(failureSchema),
})

/** A reply to a message. */
export const inboundReplySchema = Struct({
  reply: Integer({ minimum: 1, description: 'Which of the replies to its message' }),
  state: Type.Enum([...replyStates]),
  order: Integer({ minimum: 1, description: 'Replies of a conversation are sent in this order' }),
  queuedSeq: seq,
  queuedAt: text,
  payload: Optional(json),
  idempotencyKey: text,
  attempts: total,
  mayBeDuplicate: Type.Boolean({ description: 'An earlier attempt may have sent it' }),
  nextAttemptAt: text,
  lease: Optional(leaseSchema),
  failures: Type.Array(attemptSchema),
  settledAt: Optional(text),
  settledSeq: Optional(seq),
  receipt: Optional(json),
  reason: Optional(text),
})

/** A message as its events tell of it. All instants but `eventTime` are by the journal's clock. */
export const inboundMessageSchema = Struct({
  key: Text({ pattern: MESSAGE_KEY_PATTERN }),
  source: text,
  account: text,
  conversation: text,
  messageId: text,
  state: Type.Enum([...messageStates], {
    description: 'replying: the work is done, and its replies are not settled yet',
  }),
  order: Integer({ minimum: 1, description: 'Messages of a conversation are worked on in this order' }),
  receivedSeq: seq,
  receivedAt: text,
  eventTime: Optional(Text({ description: 'When it was sent, by the platform' })),
  payload: Optional(json),
  payloadHash: text,
  attempts: Integer({ minimum: 0, description: 'Since it was received or requeued' }),
  nextAttemptAt: text,
  lease: Optional(leaseSchema),
  failures: Type.Array(attemptSchema, { description: 'The last 20' }),
  duplicates: total,
  conflicts: Type.Array(
    Struct({ seq, at: text, payload: Optional(json), payloadHash: text, eventTime: Optional(text) }),
    { description: 'Other bodies under its id; the last 5' },
  ),
  conflictsTotal: total,
  requeues: total,
  completedSeq: Optional(seq),
  completedToken: Optional(seq),
  completedAt: Optional(text),
  result: Optional(json),
  replies: Type.Array(inboundReplySchema),
  death: Optional(Struct({ reason: deathSchema, at: text })),
  dismissal: Optional(Struct({ reason: Optional(text), at: text, seq })),
  updatedAt: text,
  lastSeq: seq,
})

/** See `inboundMessageSchema`. */
export type InboundMessage = Static<typeof inboundMessageSchema>
/** See `inboundReplySchema`. */
export type InboundReply = Static<typeof inboundReplySchema>
export type Lease = Static<typeof leaseSchema>
export type FailedAttempt = Static<typeof attemptSchema>

/** Whether nothing more is to be done about it, not even its replies. */
export function isFinished({ state }: Pick<InboundMessage, 'state'>): boolean {
  return state === 'completed' || state === 'dismissed'
}

/** Whether a token is one of the lease, which its holder may not know to have been extended. */
export function holdsLease(lease: Lease | undefined, token: number): lease is Lease {
  return lease !== undefined && (lease.token === token || lease.tokens.includes(token))
}
