import type { JournalEvent } from '../envelope.ts'
import { upcastEvent } from '../upcast.ts'
import { evolveRun } from './evolve.ts'
import type { Effect, RunSummary } from './summary.ts'
import { effectIdOf } from './transition.ts'

/** A run with all its effects, in the order in which they were requested. */
export interface FoldedRun {
  run: RunSummary | undefined
  effects: Map<string, Effect>
}

/** The state of one run after its events, oldest first: what a projection has after applying them one by one. */
export function foldRun(events: Iterable<JournalEvent>): FoldedRun {
  const effects = new Map<string, Effect>()
  let run: RunSummary | undefined
  for (const recorded of events) {
    const event = upcastEvent(recorded)
    const effectId = effectIdOf(event)
    const effect = effectId === undefined ? undefined : effects.get(effectId)
    const after = evolveRun({ run, effect }, event)
    run = after.run
    if (after.effect !== undefined) effects.set(after.effect.effectId, after.effect)
  }
  return { run, effects }
}
