import { DaybookError } from '@daybook/errors'
import { requireTold } from './compare.ts'
import type { Backlog } from './plan.ts'
import { sampleMessage } from './sample-message.ts'
import type { InboundSession, WorkEvents, WorkedMessage } from './scenario.ts'

/** How a backlog was worked off. */
export interface DrainFigures extends Backlog {
  seconds: number
  perSecond: number
  /** Messages that were given to a worker before one that had come in earlier to the same conversation, or twice. */
  outOfOrder: number
}

/** The slowest peer takes a minute for the full backlog here. */
const DRAINED_WITHIN_MS = 300_000
/** Each brings the messages of its own conversations one after the other, so that their order is known. */
const FILLERS = 20

export async function measureDrain(
  session: InboundSession,
  { source, signal, backlog }: { source: string; signal: AbortSignal; backlog: Backlog },
): Promise<DrainFigures> {
  await fillInOrder(session, source, backlog)
  await session.settle?.(signal)
  const drain = new Drain(backlog.messages)
  const startedAt = performance.now()
  await using _workers = await session.work(backlog.workers, drain)
  await drain.ended(AbortSignal.any([signal, AbortSignal.timeout(DRAINED_WITHIN_MS)]))
  const seconds = (performance.now() - startedAt) / 1_000
  return { ...backlog, seconds, perSecond: backlog.messages / seconds, outOfOrder: drain.outOfOrder }
}

async function fillInOrder(
  session: InboundSession,
  source: string,
  { messages, lanes }: Backlog,
): Promise<void> {
  const filler = async (own: number): Promise<void> => {
    for (let number = 0; number < messages; number += 1) {
      if ((number % lanes) % FILLERS !== own) continue
      requireTold(await session.receive(sampleMessage(source, number, lanes)), 'new')
    }
  }
  await Promise.all(Array.from({ length: FILLERS }, (_, own) => filler(own)))
}

/** A message's number is its id, and grows in each conversation in the order in which they were brought. */
class Drain implements WorkEvents {
  readonly #last = new Map<string, number>()
  readonly #ended = Promise.withResolvers<void>()
  #left: number
  outOfOrder = 0

  constructor(messages: number) {
    this.#left = messages
  }

  claimed({ conversation, messageId }: WorkedMessage): void {
    const number = Number(messageId)
    if (number <= (this.#last.get(conversation) ?? -1)) this.outOfOrder += 1
    this.#last.set(conversation, number)
  }

  completed(): void {
    this.#left -= 1
    if (this.#left === 0) this.#ended.resolve()
  }

  failed(error: unknown): void {
    this.#ended.reject(error)
  }

  async ended(signal: AbortSignal): Promise<void> {
    const giveUp = (): void =>
      this.failed(new DaybookError('timeout', `${this.#left} messages of the backlog were not worked off.`))
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await this.#ended.promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }
}
