import type { AttemptFailure, InboundMessage, InboundReply, JsonValue } from '@daybook/events'
import { one } from './answers.ts'
import { isReplyClaims, isReplyState } from './inbound-answers.ts'
import type { ClaimRequest, HeldMessage, Release } from './inbound-commands.ts'
import { pathOf } from './inbound-path.ts'
import type { ClaimOptions, Post } from './post.ts'
import { type GrantedLease, isLease } from './worker-lease.ts'

/** What the holder of a reply's lease shows. */
export interface HeldReply extends HeldMessage {
  /** Which of the replies to its message; 1 is the first. */
  readonly reply: number
}

/** A reply that is the sender's to send until its lease ends. */
export interface ClaimedReply extends HeldReply, GrantedLease {
  readonly lane: string
  readonly source: string
  readonly account: string
  readonly conversation: string
  /** Of the message that it answers. */
  readonly messageId: string
  readonly payload: JsonValue
  /** The same at each attempt: a platform that takes such keys recognises a repetition by it. */
  readonly idempotencyKey: string
  readonly attempt: number
  /** An earlier attempt may have sent it: nobody knows. */
  readonly mayBeDuplicate: boolean
}

/** Why a reply was not sent, or may have been. */
export interface ReplyFailure {
  readonly error: AttemptFailure
  /** `not-sent`: certainly; it is tried again. `unknown`: it becomes ambiguous, which is on record from then on. */
  readonly outcome: 'not-sent' | 'unknown'
}

/** What a reply is after a command, and its message with it. */
export interface ReplyAnswer {
  readonly key: string
  readonly reply: number
  readonly state: InboundReply['state']
  readonly messageState: InboundMessage['state']
}

/** What senders of replies tell. All throw `lease-lost` once the lease does not hold any more. */
export interface InboundReplies {
  /** The oldest replies that are due, the first of each conversation. Empty when there is nothing to send. */
  claimReplies(claim: ClaimRequest, options?: ClaimOptions): Promise<readonly ClaimedReply[]>
  extendReply(held: HeldReply, leaseMs?: number): Promise<GrantedLease>
  /** The platform has taken it; `receipt` is what it answered. Repeated with the same token it is answered the same. */
  replySent(held: HeldReply, receipt?: JsonValue): Promise<ReplyAnswer>
  replyFailed(held: HeldReply, failure: ReplyFailure): Promise<ReplyAnswer>
  /** Gives it back. Only for what was certainly not tried. */
  releaseReply(held: HeldReply, release: Release): Promise<ReplyAnswer>
}

export function openInboundReplies(post: Post): InboundReplies {
  const act = async (held: HeldReply, action: string, body: object) =>
    await post(pathOf(held.key, `replies/${held.reply}/${action}`), { token: held.token, ...body })
  return {
    claimReplies: async (claim, options) =>
      one(await post('/v1/inbound/replies/claim', claim, options), isReplyClaims).replies,
    extendReply: async (held, leaseMs) => one(await act(held, 'extend', { leaseMs }), isLease),
    replySent: async (held, receipt) => one(await act(held, 'sent', { receipt }), isReplyState),
    replyFailed: async (held, { error, outcome }) =>
      one(await act(held, 'fail', { error, outcome }), isReplyState),
    releaseReply: async (held, { reason, delayMs }) =>
      one(await act(held, 'release', { reason, delayMs }), isReplyState),
  }
}
