import { type LeftOutEvent, noArchive, type PayloadArchive, stretchesOf } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { refoldRun, tellsOfErasure } from './refold.ts'
import {
  type EffectKey,
  effectKeyOf,
  evolveStates,
  nameOf,
  type RunKey,
  type RunStates,
  runKeyOf,
} from './run-states.ts'
import { loadEffects, saveEffects } from './store/effects.ts'
import { loadRuns, saveRuns } from './store/runs.ts'
import { asInVersion1 } from './version-1.ts'

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
  await applyEvents(trx, events, { archive, form: (states) => states })
}

/** The same for tables of version 1, which are kept fresh until those of this version are built. */
export async function whenRunsChangedInVersion1(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  archive: PayloadArchive = noArchive,
): Promise<void> {
  await applyEvents(trx, events, { archive, form: asInVersion1 })
}

interface Applying {
  archive: PayloadArchive
  /** What of the states a version of the read model keeps. */
  form: (states: RunStates) => RunStates
}

async function applyEvents(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  { archive, form }: Applying,
): Promise<void> {
  for (const stretch of stretchesOf(events, tellsOfErasure)) {
    await refoldRun(trx, { event: stretch[0] }, archive)
    await evolveRuns(trx, stretch, form)
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

async function evolveRuns(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  form: Applying['form'],
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
  const changed = form(evolveStates(stored, events))
  await saveRuns(trx, [...changed.runs.values()])
  await saveEffects(trx, [...changed.effects.values()])
}
