import { journalReader, type PayloadArchive, withoutErased } from '@daybook/eventing'
import { type JournalEvent, runErasureOf } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { foldAfresh } from './fold-afresh.ts'
import { runKeyOf } from './run-states.ts'
import { removeEffects, saveEffects } from './store/effects.ts'
import { saveRuns } from './store/runs.ts'
import { removeSegments } from './store/state-segments.ts'

/** Whether the event tells that earlier payloads of its run were erased. */
export function tellsOfErasure(event: JournalEvent): boolean {
  return runErasureOf(event) !== undefined
}

/**
 * Makes the run what its events before `notice` are without the payloads that it names. Those may still be in the table
 * at this moment: the notice comes before they go. Of a parked run only what is not left out is made.
 */
export async function refoldRun(
  trx: QueryExecutorProvider,
  { event: notice, parkedSeq = Number.POSITIVE_INFINITY }: { event: JournalEvent; parkedSeq?: number },
  archive: PayloadArchive,
): Promise<void> {
  const erasure = runErasureOf(notice)
  if (erasure === undefined) return
  const key = runKeyOf(notice)
  const journal = withoutErased(journalReader(trx, archive), erasure)
  const bounds = { ...key, position: notice.position - 1, seqMax: Math.min(notice.seq, parkedSeq) - 1 }
  const { run, effects } = await foldAfresh(journal, bounds)
  await removeSegments(trx, { tenant: notice.tenant, stream: notice.stream })
  await removeEffects(trx, key)
  if (run !== undefined) await saveRuns(trx, [{ ...key, run }])
  await saveEffects(
    trx,
    [...effects.values()].map((effect) => ({ ...key, effectId: effect.effectId, effect })),
  )
}
