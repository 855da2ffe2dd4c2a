import { DaybookError } from '@daybook/errors'
import { closedLoop, type Measurement, type Stretch } from '../measure.ts'
import { sampleMessage } from './sample-message.ts'
import type { InboundSession, WorkEvents } from './scenario.ts'

/** No message of a closed loop waits behind more than a hundred others: one that is not done by then never will be. */
const DONE_WITHIN_MS = 30_000

/**
 * The whole way of a message, over and over: a caller brings one, workers (as many as callers) take and complete it, and
 * the caller brings its next one when that is done. A latency is from bringing it to its completion.
 */
export async function measureCycle(
  session: InboundSession,
  load: { source: string; callers: number; conversations: number },
  stretch: Stretch,
): Promise<Measurement> {
  const { source, callers, conversations } = load
  const waiting = new Waiting()
  await using _workers = await session.work(callers, waiting)
  let number = 0
  const request = async (): Promise<void> => {
    const message = sampleMessage(source, number, conversations)
    number += 1
    const done = waiting.until(message.messageId)
    await Promise.race([Promise.all([session.receive(message), done]), waiting.failure])
  }
  return await closedLoop(Array<typeof request>(callers).fill(request), stretch)
}

/** Callers that wait for the end of their message. Each is claimed once and completed once, or the run fails. */
class Waiting implements WorkEvents {
  readonly #callers = new Map<string, { resolve: () => void; isClaimed: boolean }>()
  readonly #failure = Promise.withResolvers<never>()

  /** Rejects when something went wrong, with what. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  async until(messageId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#callers.set(messageId, { resolve, isClaimed: false })
    const late = setTimeout(() => {
      this.failed(new DaybookError('timeout', `Message ${messageId} was not done in ${DONE_WITHIN_MS} ms.`))
    }, DONE_WITHIN_MS)
    await promise
    clearTimeout(late)
  }

  claimed({ messageId }: { messageId: string }): void {
    const caller = this.#callers.get(messageId)
    if (caller === undefined || caller.isClaimed) this.failed(new TypeError(`${messageId} was claimed again`))
    else caller.isClaimed = true
  }

  completed({ messageId }: { messageId: string }): void {
    const caller = this.#callers.get(messageId)
    if (caller === undefined) return this.failed(new TypeError(`${messageId} was completed again`))
    this.#callers.delete(messageId)
    caller.resolve()
  }

  failed(error: unknown): void {
    this.#failure.reject(error)
  }
}
