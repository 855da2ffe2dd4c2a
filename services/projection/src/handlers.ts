import { type LeftOutEvent, noArchive, type PayloadArchive } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { refoldRun, tellsOfErasure } from './refold.ts'
import { type EffectKey, effectKeyOf, evolveStates, nameOf, type RunKey, runKeyOf } from './run-states.ts'
import { loadEffects, saveEffects } from './store/effects.ts'
import { loadRuns, saveRuns } from './store/runs.ts'

/**
 * Applies events of runs to the read model: four statements for a batch, however many events it has. The projection's
 * checkpoint moves in the same transaction, so a batch that is delivered again changes nothing. A run of which payloads
 * were erased is folded anew.
 */
export async function whenRunsChanged(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  archive: PayloadArchive = noArchive,
): Promise<void> {
  for (let from = 0; from < events.length; ) {
    const next = events.findIndex((event, index) => index > from && tellsOfErasure(event))
    const part = events.slice(from, next === -1 ? undefined : next)
    const [first] = part
    if (first !== undefined) await refoldRun(trx, { event: first }, archive)
    await evolveRuns(trx, part)
    from += part.length
  }
}

/** What was erased goes from the read model at once, also from a run that is left out from some later event on. */
export async function whenParkedRunsChanged(
  trx: QueryExecutorProvider,
  leftOut: readonly LeftOutEvent[],
  archive: PayloadArchive = noArchive,
): Promise<void> {
  for (const one of leftOut) await refoldRun(trx, one, archive)
}

async function evolveRuns(trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> {
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
