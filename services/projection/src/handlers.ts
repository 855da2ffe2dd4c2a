import type { JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { type EffectKey, effectKeyOf, evolveStates, nameOf, type RunKey, runKeyOf } from './run-states.ts'
import { loadEffects, saveEffects } from './store/effects.ts'
import { loadRuns, saveRuns } from './store/runs.ts'

/**
 * Applies events of runs to the read model: four statements for a batch, however many events it has. The projection's
 * checkpoint moves in the same transaction, so a batch that is delivered again changes nothing.
 */
export async function whenRunsChanged(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
): Promise<void> {
  const runKeys = new Map<string, RunKey>()
  const effectKeys = new Map<string, EffectKey>()
  for (const event of events) {
    const runKey = runKeyOf(event)
    runKeys.set(nameOf(runKey), runKey)
    const effectKey = effectKeyOf(event)
    if (effectKey !== undefined) effectKeys.set(nameOf(effectKey), effectKey)
  }
  const stored = {
    runs: await loadRuns(trx, [...runKeys.values()]),
    effects: await loadEffects(trx, [...effectKeys.values()]),
  }
  const changed = evolveStates(stored, events)
  await saveRuns(trx, [...changed.runs.values()])
  await saveEffects(trx, [...changed.effects.values()])
}
