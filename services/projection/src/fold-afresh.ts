import { type JournalReader, streamEvents } from '@daybook/eventing'
import { type Effect, effectIdOf, evolveRun, type RunSummary } from '@daybook/events'

/** A run as its events make it, and how many they were. */
export interface FreshFold {
  run: RunSummary | undefined
  effects: Map<string, Effect>
  events: number
}

/** By the same step as the read model, event by event. */
export async function foldAfresh(
  journal: JournalReader,
  { runId, ...bounds }: { tenant: string; runId: string; position: number; seqMax: number },
): Promise<FreshFold> {
  const fold: FreshFold = { run: undefined, effects: new Map(), events: 0 }
  for await (const event of streamEvents(journal, { ...bounds, stream: `run/${runId}` })) {
    const effectId = effectIdOf(event)
    const effect = effectId === undefined ? undefined : fold.effects.get(effectId)
    const next = evolveRun({ run: fold.run, effect }, event)
    fold.run = next.run
    if (next.effect !== undefined) fold.effects.set(next.effect.effectId, next.effect)
    fold.events += 1
  }
  return fold
}
