import type { JsonValue } from '@daybook/errors'
import type { Static } from 'typebox'
import type { failureSchema } from './fields.ts'
import type { InboundLimits } from './limits.ts'

/** Why an attempt failed. */
export type AttemptFailure = Static<typeof failureSchema>

/** When a command is decided, and what holds for its source. */
interface Circumstances {
  /** The journal's clock, ISO 8601. */
  readonly now: string
  readonly limits: InboundLimits
  /** From 0 up to 1: by it pauses before further attempts differ, so that what failed together is not tried together. */
  readonly chance: number
}

interface OfMessage extends Circumstances {
  readonly key: string
}

interface UnderLease extends OfMessage {
  readonly token: number
}

/** Who claims. The same `claimId` again gets the same lease, for as long as it holds. */
interface Claimant {
  readonly worker: string
  readonly claimId: string
  readonly leaseMs?: number
}

export interface QueuedReply {
  readonly payload: JsonValue
  /** Made of the message's key and the reply's number unless told. */
  readonly idempotencyKey?: string
}

interface OfReply extends UnderLease {
  readonly reply: number
}

/** A wish about one conversation. That a message is received needs no wish: its key decides. */
export type InboundCommand =
  | ({ readonly name: 'claim'; readonly key?: string } & Circumstances & Claimant)
  | ({ readonly name: 'extend'; readonly leaseMs: number } & UnderLease)
  | ({
      readonly name: 'complete'
      readonly result?: JsonValue
      readonly replies?: readonly QueuedReply[]
    } & UnderLease)
  | ({ readonly name: 'fail'; readonly error: AttemptFailure } & UnderLease)
  | ({ readonly name: 'release'; readonly reason: string; readonly delayMs: number } & UnderLease)
  | ({ readonly name: 'requeue'; readonly reason: string } & OfMessage)
  | ({ readonly name: 'dismiss'; readonly reason: string } & OfMessage)
  /** Where the source has more unfinished messages than it may, and says that the oldest give way. */
  | ({ readonly name: 'evict' } & OfMessage)
  /** What ran out of time: leases, and messages that are stale. */
  | ({ readonly name: 'expire' } & Circumstances)
  | ({ readonly name: 'claim-reply' } & Circumstances & Claimant)
  | ({ readonly name: 'extend-reply'; readonly leaseMs: number } & OfReply)
  | ({ readonly name: 'reply-sent'; readonly receipt?: JsonValue } & OfReply)
  /** `isUnknown`: it may have been sent all the same. */
  | ({ readonly name: 'fail-reply'; readonly error: AttemptFailure; readonly isUnknown: boolean } & OfReply)
  | ({ readonly name: 'release-reply'; readonly reason: string; readonly delayMs: number } & OfReply)

export type CommandOf<Name extends InboundCommand['name']> = Extract<InboundCommand, { name: Name }>
