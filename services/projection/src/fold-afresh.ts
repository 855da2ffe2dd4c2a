import type { JournalReader } from '@daybook/eventing'
import { type Effect, effectIdOf, evolveRun, type RunSummary, upcastEvent } from '@daybook/events'

/** A run as its events make it, and how many they were. */
export interface FreshFold {
  run: RunSummary | undefined
  effects: Map<string, Effect>
  events: number
}

const EVENTS_PER_PAGE = 1_000
const EVENTS_BYTES_MAX = 8 * 1024 * 1024

/** By the same step as the read model, though event by event and page by page: large runs are never whole in memory. */
export async function foldAfresh(
  journal: JournalReader,
  bounds: { tenant: string; runId: string; position: number; seqMax: number },
): Promise<FreshFold> {
  const { tenant, runId, position, seqMax } = bounds
  const fold: FreshFold = { run: undefined, effects: new Map(), events: 0 }
  const page = { tenant, stream: `run/${runId}`, limit: EVENTS_PER_PAGE, bytesMax: EVENTS_BYTES_MAX }
  for (let after = 0, more = true; more; ) {
    const read = await journal.readPage({ ...page, after })
    for (const event of read.events.map(upcastEvent)) {
      if (event.position > position || event.seq > seqMax) return fold
      const effectId = effectIdOf(event)
      const effect = effectId === undefined ? undefined : fold.effects.get(effectId)
      const next = evolveRun({ run: fold.run, effect }, event)
      fold.run = next.run
      if (next.effect !== undefined) fold.effects.set(next.effect.effectId, next.effect)
      fold.events += 1
      after = event.seq
    }
    more = read.more
  }
  return fold
}
