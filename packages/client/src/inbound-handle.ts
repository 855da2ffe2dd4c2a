import type { JsonObject, JsonValue } from '@daybook/errors'
import { failureOf } from './attempt-failure.ts'
import type { Inbound } from './inbound.ts'
import type { ClaimedMessage } from './inbound-commands.ts'
import { deliverLoop, type SendReply } from './inbound-deliver.ts'
import { type InboundWorkerOptions, placeOf, timeoutMsOf } from './inbound-worker.ts'
import type { ClaimOptions } from './post.ts'
import { type LoopClaim, workLoop } from './work-loop.ts'
import { type Loop, startWorker, type Worker } from './worker.ts'
import { type Outcome, performUnderLease } from './worker-perform.ts'
import { mayPass } from './worker-tell.ts'

export interface HandlerContext {
  /** Aborted when what the handler does does not count any more: its lease is lost, it took too long, or the worker stops. */
  readonly signal: AbortSignal
  /** Which attempt this is; 1 is the first. */
  readonly attempt: number
  /** Keeps a result with the message; a repetition of it is answered with that. */
  readonly setResult: (result: JsonValue) => void
}

/** A reply, several in their order, or none: nothing, null and the empty text are none. */
export type HandlerAnswer = string | number | boolean | null | JsonObject | readonly JsonValue[] | undefined

/**
 * Works on a message. What it throws fails the attempt: the message is tried again, unless the error says `retryable: false`
 * (as `PermanentError` does), after the pause that the error asks for (`retryAfterMs`, or Retry-After of its response).
 * It may run again after it ran, when the process died in between: whatever it does elsewhere needs the message's key.
 */
export type MessageHandler = (
  message: ClaimedMessage,
  context: HandlerContext,
) => Promise<HandlerAnswer | void> | HandlerAnswer | void

export interface HandleOptions extends InboundWorkerOptions {
  /** Sends replies of the source, as `deliver` does. Without it, somebody else has to deliver them. */
  readonly send?: SendReply
}

/** See `Inbound.handle`. */
export function handleMessages(
  inbound: Inbound,
  { source, handler }: { source: string; handler: MessageHandler },
  options: HandleOptions,
): Worker {
  const { send } = options
  const replies: Loop[] = send === undefined ? [] : [deliverLoop(inbound, { source, send }, options)]
  return startWorker([messageLoop(inbound, { source, handler }, options), ...replies], options)
}

function messageLoop(
  inbound: Inbound,
  { source, handler }: { source: string; handler: MessageHandler },
  options: HandleOptions,
): Loop {
  const release = async (message: ClaimedMessage) => await inbound.release(message, { reason: 'draining' })
  const { leaseMs } = options
  const work = {
    claim: async (claim: LoopClaim, how: ClaimOptions) =>
      await inbound.claim({ ...claim, ...placeOf(source, options) }, how),
    keyOf: ({ key }: ClaimedMessage) => key,
    extend: async (message: ClaimedMessage) => await inbound.extend(message, leaseMs),
    release,
    perform: async (message: ClaimedMessage, stages: Parameters<Loop>[0]) => {
      let result: JsonValue | undefined
      const setResult = (value: JsonValue): void => {
        result = value
      }
      const { key, attempt } = message
      const performance = {
        key,
        held: message,
        timeoutMs: timeoutMsOf(options),
        extend: async (token: number) => await inbound.extend({ key, token }, leaseMs),
        run: async (signal: AbortSignal) => repliesOf(await handler(message, { signal, attempt, setResult })),
        settle: async (outcome: Outcome<JsonValue[]>, token: number) =>
          await settle(inbound, { ...message, token }, { outcome, result }),
      }
      await performUnderLease(performance, stages, options)
    },
  }
  return workLoop(work, options)
}

async function settle(
  inbound: Inbound,
  message: ClaimedMessage,
  { outcome, result }: { outcome: Outcome<JsonValue[]>; result: JsonValue | undefined },
): Promise<unknown> {
  switch (outcome.kind) {
    case 'done':
      return await complete(inbound, message, { replies: outcome.value, result })
    case 'failed':
      return await inbound.fail(message, failureOf(outcome.error))
    // Nobody can ask for the end of the work on a message.
    case 'cancelled':
    case 'drained':
      return await inbound.release(message, { reason: 'draining' })
    default:
      return outcome satisfies never
  }
}

/** What the server does not take, such as a result that is too large, is a failure of the handler: it is told as one. */
async function complete(
  inbound: Inbound,
  message: ClaimedMessage,
  { replies, result }: { replies: JsonValue[]; result: JsonValue | undefined },
): Promise<unknown> {
  try {
    return await inbound.complete(message, {
      ...(result !== undefined && { result }),
      ...(replies.length > 0 && { replies: replies.map((payload) => ({ payload })) }),
    })
  } catch (error) {
    if (mayPass(error)) throw error
    return await inbound.fail(message, failureOf(error))
  }
}

function repliesOf(answer: HandlerAnswer | void): JsonValue[] {
  return [answer ?? null].flat().filter((reply) => (reply ?? '') !== '')
}
