import type { AttemptFailure, InboundMessage, JsonValue, MessageIdentity, QueuedReply } from '@daybook/events'
import { one } from './answers.ts'
import { isClaims, isMessageState, isReceiveAnswer } from './inbound-answers.ts'
import { pathOf } from './inbound-path.ts'
import type { ClaimOptions, Post } from './post.ts'
import { type GrantedLease, isLease } from './worker-lease.ts'

/** What a platform delivered. */
export interface NewMessage extends MessageIdentity {
  /** What it said, as JSON: the body of the webhook. */
  readonly payload: JsonValue
  /** When it was sent, by the platform's clock: ISO 8601, UTC. */
  readonly eventTime?: string
}

/** What became of a message that was handed in. All of them mean that Daybook has it. */
export type ReceiveAnswer = { readonly key: string } & (
  | { readonly outcome: 'accepted'; readonly position: number }
  | { readonly outcome: 'duplicate-pending' }
  | { readonly outcome: 'duplicate-in-progress'; readonly retryAfterMs: number }
  | { readonly outcome: 'duplicate-done'; readonly result?: JsonValue }
  /** The same id with another body: kept beside the first one. */
  | { readonly outcome: 'conflict'; readonly state: InboundMessage['state'] }
  | { readonly outcome: 'dead'; readonly reason: string }
)

/** Which work a claim takes. */
export interface ClaimRequest {
  /** Who works on it: a name that tells processes apart, for people to read. */
  readonly worker: string
  /** The same id again gets the same leases, while they hold: so a claim whose answer was lost is repeated. */
  readonly claimId?: string
  readonly source?: string
  readonly account?: string
  /** How long the lease is; what holds for the source unless told. 100 ms to a day. */
  readonly leaseMs?: number
  /** At most 100; 1 unless told. */
  readonly limit?: number
}

/** What the holder of a lease shows: the key and the token of its claim, or of its last extension. */
export interface HeldMessage {
  readonly key: string
  readonly token: number
}

/** A message that is the claimant's until its lease ends. */
export interface ClaimedMessage extends MessageIdentity, GrantedLease {
  readonly key: string
  readonly lane: string
  readonly payload: JsonValue
  readonly eventTime?: string
  readonly receivedAt: string
  /** Which attempt this is; 1 is the first. */
  readonly attempt: number
  /** Other bodies that came under its id, oldest first: an edited message. */
  readonly conflicts: InboundMessage['conflicts']
  /** How often a person has had it tried again. */
  readonly requeues: number
}

/** What the work came to. */
export interface MessageCompletion {
  /** What a repetition of the message is answered with. */
  readonly result?: JsonValue
  /** To be sent in this order, at most 20. */
  readonly replies?: readonly QueuedReply[]
}

/** Why work is given back that was not tried. */
export interface Release {
  readonly reason: string
  /** It is not due before; at once unless told. */
  readonly delayMs?: number
}

/** What a message is after a command. */
export interface MessageAnswer {
  readonly key: string
  readonly state: InboundMessage['state']
  /** Of a message that failed and will be tried again. */
  readonly nextAttemptAt?: string
}

/** What platforms and workers tell of messages. */
export interface InboundCommands {
  /**
   * Hands a message in, as often as one likes: answered when it is committed. Codes: `overloaded` (details:
   * `retryAfterMs`) when its source has too much unfinished work, `invalid-request`.
   */
  receive(message: NewMessage): Promise<ReceiveAnswer>
  /** The oldest messages that are due, none of them behind another one of its conversation. Empty when there is nothing. */
  claim(
    claim: ClaimRequest & { readonly key?: string },
    options?: ClaimOptions,
  ): Promise<readonly ClaimedMessage[]>
  /** Needs longer, from now on: `leaseMs`, or as long as the source allows. Code: `lease-lost`. */
  extend(held: HeldMessage, leaseMs?: number): Promise<GrantedLease>
  /** The work is done. Repeated with the same token it is answered the same. Code: `lease-lost`. */
  complete(held: HeldMessage, completion?: MessageCompletion): Promise<MessageAnswer>
  /** An attempt failed; the message is due again later, or dead. Code: `lease-lost`. */
  fail(held: HeldMessage, error: AttemptFailure): Promise<MessageAnswer>
  /** Gives it back; that is no attempt. Code: `lease-lost`. */
  release(held: HeldMessage, release: Release): Promise<MessageAnswer>
}

export function openInboundCommands(post: Post): InboundCommands {
  return {
    receive: async (message) => one(await post('/v1/inbound/messages', message), isReceiveAnswer),
    claim: async (claim, options) => one(await post('/v1/inbound/claim', claim, options), isClaims).messages,
    extend: async ({ key, token }, leaseMs) =>
      one(await post(pathOf(key, 'extend'), { token, leaseMs }), isLease),
    complete: async ({ key, token }, { result, replies } = {}) =>
      one(await post(pathOf(key, 'complete'), { token, result, replies }), isMessageState),
    fail: async ({ key, token }, error) =>
      one(await post(pathOf(key, 'fail'), { token, error }), isMessageState),
    release: async ({ key, token }, { reason, delayMs }) =>
      one(await post(pathOf(key, 'release'), { token, reason, delayMs }), isMessageState),
  }
}
