import { DaybookError } from '@daybook/errors'
import {
  claimedBy,
  type InboundMessage,
  type InboundReply,
  inboundMessageSchema,
  inboundReplySchema,
  replyClaimedBy,
} from '@daybook/events'
import { type Static, Type } from 'typebox'
import type { LaneClaimKind } from './claim.ts'

const { Index, Integer, Optional, String: Text } = Type

/** A lease as it is told to who got it. */
export const leaseFields = {
  token: Integer({ minimum: 1, description: 'To be shown with whatever is told of it' }),
  leaseUntil: Text({ description: "By the journal's clock" }),
  leaseMs: Integer({ minimum: 1 }),
}

const place = {
  key: Text(),
  lane: Text(),
  source: Text(),
  account: Text(),
  conversation: Text(),
  messageId: Text(),
}

/** A message that a worker has got. */
export const claimedMessageSchema = Type.Object({
  ...place,
  payload: Type.Unknown(),
  eventTime: Optional(Text()),
  receivedAt: Text(),
  attempt: Integer({ minimum: 1 }),
  ...leaseFields,
  conflicts: Index(inboundMessageSchema, ['conflicts']),
  requeues: Integer({ minimum: 0 }),
})
export type ClaimedMessage = Static<typeof claimedMessageSchema>

/** A reply that a sender has got. */
export const claimedReplySchema = Type.Object({
  ...place,
  reply: Integer({ minimum: 1 }),
  payload: Type.Unknown(),
  idempotencyKey: Text(),
  attempt: Integer({ minimum: 1 }),
  mayBeDuplicate: Index(inboundReplySchema, ['mayBeDuplicate']),
  ...leaseFields,
})
export type ClaimedReply = Static<typeof claimedReplySchema>

/** How messages are claimed. */
export const messageClaims: LaneClaimKind<ClaimedMessage> = {
  work: 'messages',
  wish: ({ worker, claimId, leaseMs }, key) => ({
    name: 'claim',
    worker,
    claimId,
    ...(leaseMs !== undefined && { leaseMs }),
    ...(key !== undefined && { key }),
  }),
  itemOf(lane, { state, command }) {
    if (command.name !== 'claim') return undefined
    const message = claimedBy(state, command)
    return message && claimedMessage(lane, message, command.leaseMs ?? command.limits.leaseMs)
  },
  giveBack: ({ lane, key, token }, reason) => ({
    lane,
    wish: { name: 'release', key, token, reason, delayMs: 0 },
  }),
}

/** How replies are claimed. */
export const replyClaims: LaneClaimKind<ClaimedReply> = {
  work: 'replies',
  wish: ({ worker, claimId, leaseMs }) => ({
    name: 'claim-reply',
    worker,
    claimId,
    ...(leaseMs !== undefined && { leaseMs }),
  }),
  itemOf(lane, { state, command }) {
    if (command.name !== 'claim-reply') return undefined
    const found = replyClaimedBy(state, command)
    return found && claimedReply(lane, found, command.leaseMs ?? command.limits.replyLeaseMs)
  },
  giveBack: ({ lane, key, reply, token }, reason) => ({
    lane,
    wish: { name: 'release-reply', key, reply, token, reason, delayMs: 0 },
  }),
}

function claimedMessage(lane: string, message: InboundMessage, leaseMs: number): ClaimedMessage {
  const { lease, payload, eventTime } = message
  return {
    ...placeOf(lane, message),
    payload,
    ...(eventTime !== undefined && { eventTime }),
    receivedAt: message.receivedAt,
    attempt: message.attempts,
    ...leaseOf(lease, leaseMs),
    conflicts: message.conflicts,
    requeues: message.requeues,
  }
}

function claimedReply(
  lane: string,
  { message, reply }: { message: InboundMessage; reply: InboundReply },
  leaseMs: number,
): ClaimedReply {
  return {
    ...placeOf(lane, message),
    reply: reply.reply,
    payload: reply.payload,
    idempotencyKey: reply.idempotencyKey,
    attempt: reply.attempts,
    mayBeDuplicate: reply.mayBeDuplicate,
    ...leaseOf(reply.lease, leaseMs),
  }
}

function placeOf(lane: string, { key, source, account, conversation, messageId }: InboundMessage) {
  return { key, lane, source, account, conversation, messageId }
}

/** A lease as it is told. Code: `internal`, where there is none after a command that grants or extends it. */
export function leaseOf(
  lease: { readonly token: number; readonly until: string } | undefined,
  leaseMs: number,
): { token: number; leaseUntil: string; leaseMs: number } {
  if (lease === undefined)
    throw new DaybookError('internal', 'There is no lease after a command that made one.')
  return { token: lease.token, leaseUntil: lease.until, leaseMs }
}
