import { type Figures, figuresOf } from '../figures.ts'
import { openLoop, quantile } from '../measure.ts'
import { requireTold } from './compare.ts'
import type { Offered } from './plan.ts'
import { sampleMessage } from './sample-message.ts'
import type { InboundSession } from './scenario.ts'

/** What bringing messages at a fixed rate came to. Latency counts from the moment each was due. */
export interface OfferFigures extends Figures {
  system: string
  offeredPerSecond: number
  seconds: number
  maxMs: number
  /** Workers that took and completed them meanwhile. */
  workers: number
}

const CONVERSATIONS = 1_000

export async function measureOffered(
  session: InboundSession,
  load: { source: string; offered: Offered; workers: number; signal: AbortSignal },
): Promise<Omit<OfferFigures, 'system'>> {
  const { source, offered, workers, signal } = load
  const failed = new AbortController()
  const on = { claimed: nothing, completed: nothing, failed: (error: unknown) => failed.abort(error) }
  await using _working = workers > 0 ? await session.work(workers, on) : undefined
  const request = async (index: number): Promise<void> =>
    requireTold(await session.receive(sampleMessage(source, index, CONVERSATIONS)), 'new')
  const stop = AbortSignal.any([signal, failed.signal])
  const measured = await openLoop(request, { ...offered, signal: stop })
  return {
    offeredPerSecond: offered.ratePerSecond,
    seconds: offered.durationMs / 1_000,
    ...figuresOf(measured, 1),
    maxMs: quantile(measured.latenciesMs, 1),
    workers,
  }
}

function nothing(): void {
  // Who worked on what is another measurement's matter.
}
