import type { JsonValue } from '@daybook/errors'
import { failureOf } from './attempt-failure.ts'
import type { Inbound } from './inbound.ts'
import { isNotSent } from './inbound-failure.ts'
import type { ClaimedReply } from './inbound-replies.ts'
import { type InboundWorkerOptions, placeOf, timeoutMsOf } from './inbound-worker.ts'
import type { ClaimOptions } from './post.ts'
import { type LoopClaim, workLoop } from './work-loop.ts'
import type { Loop } from './worker.ts'
import { type Outcome, performUnderLease } from './worker-perform.ts'
import { mayPass } from './worker-tell.ts'

export interface SendContext {
  /** The same at each attempt: a platform that takes such keys recognises a repetition by it. */
  readonly idempotencyKey: string
  /** An earlier attempt may have sent it. */
  readonly mayBeDuplicate: boolean
  /** Aborted when the sender is to stop; a reply that is under way then is ambiguous. */
  readonly signal: AbortSignal
}

/**
 * Sends a reply, and returns what the platform answered, as the receipt. When it throws `NotSent`, or could not connect, the
 * reply is sent again later; after any other error nobody knows whether it was sent, and it becomes ambiguous.
 */
export type SendReply = (
  reply: ClaimedReply,
  context: SendContext,
) => Promise<JsonValue | undefined | void> | JsonValue | undefined | void

/** Claims replies of a source and sends them. */
export function deliverLoop(
  inbound: Inbound,
  { source, send }: { source: string; send: SendReply },
  options: InboundWorkerOptions,
): Loop {
  const work = {
    claim: async (claim: LoopClaim, how: ClaimOptions) =>
      await inbound.claimReplies({ ...claim, ...placeOf(source, options) }, how),
    keyOf: ({ key }: ClaimedReply) => key,
    // The lease of messages is not one of replies: these have as long as the source allows.
    extend: async (reply: ClaimedReply) => await inbound.extendReply(reply),
    release: async (reply: ClaimedReply) => await inbound.releaseReply(reply, { reason: 'draining' }),
    perform: async (reply: ClaimedReply, stages: Parameters<Loop>[0]) => {
      const { idempotencyKey, mayBeDuplicate } = reply
      const performance = {
        key: reply.key,
        held: reply,
        timeoutMs: timeoutMsOf(options),
        extend: async (token: number) => await inbound.extendReply({ ...reply, token }),
        run: async (signal: AbortSignal) =>
          (await send(reply, { idempotencyKey, mayBeDuplicate, signal })) ?? undefined,
        settle: async (outcome: Outcome<JsonValue | undefined>, token: number) =>
          await settle(inbound, { ...reply, token }, outcome),
      }
      await performUnderLease(performance, stages, options)
    },
  }
  const { leaseMs: _ofMessages, ...ownOptions } = options
  return workLoop(work, ownOptions)
}

/** What was begun and did not come to an end is unknown, also when the end of this process cut it off. */
async function settle(
  inbound: Inbound,
  reply: ClaimedReply,
  outcome: Outcome<JsonValue | undefined>,
): Promise<unknown> {
  switch (outcome.kind) {
    case 'done':
      return await tellSent(inbound, reply, outcome.value)
    case 'failed': {
      const { error } = outcome
      const told = { error: failureOf(error), outcome: isNotSent(error) ? 'not-sent' : 'unknown' } as const
      return await inbound.replyFailed(reply, told)
    }
    // Nobody can ask for the end of a reply that is being sent.
    case 'cancelled':
    case 'drained': {
      const error = { class: 'draining', message: 'The sender was stopped while it sent.', retryable: true }
      return await inbound.replyFailed(reply, { error, outcome: 'unknown' })
    }
    default:
      return outcome satisfies never
  }
}

/** That it was sent is told also when its receipt cannot be kept, since it is too large or no JSON. */
async function tellSent(
  inbound: Inbound,
  reply: ClaimedReply,
  receipt: JsonValue | undefined,
): Promise<unknown> {
  try {
    return await inbound.replySent(reply, receipt)
  } catch (error) {
    if (mayPass(error) || receipt === undefined) throw error
    return await inbound.replySent(reply)
  }
}
