import type { JsonValue } from '@daybook/errors'
import { DaybookError } from '@daybook/errors'
import type { Inbound } from './inbound.ts'
import { failureOf, isNotSent } from './inbound-failure.ts'
import { type Outcome, performUnderLease } from './inbound-perform.ts'
import type { ClaimedReply } from './inbound-replies.ts'
import { workLoop } from './inbound-work-loop.ts'
import type { Loop, WorkerOptions } from './inbound-worker.ts'

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
  options: WorkerOptions,
): Loop {
  const work = {
    source,
    claim: async (...asked: Parameters<Inbound['claimReplies']>) => await inbound.claimReplies(...asked),
    // The lease of messages is not one of replies: these have as long as the source allows.
    extend: async (reply: ClaimedReply) => await inbound.extendReply(reply),
    release: async (reply: ClaimedReply) => await inbound.releaseReply(reply, { reason: 'draining' }),
    perform: async (reply: ClaimedReply, stages: Parameters<Loop>[0]) => {
      const { idempotencyKey, mayBeDuplicate } = reply
      const performance = {
        held: reply,
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
    const mayPass = error instanceof DaybookError && (error.retry === 'later' || error.code === 'lease-lost')
    if (mayPass || receipt === undefined) throw error
    return await inbound.replySent(reply)
  }
}
