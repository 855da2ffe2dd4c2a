import { type JournalReader, journalReader, type PayloadArchive } from '@daybook/eventing'
import { type JournalEvent, runErasureOf, withoutPayload } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { foldAfresh } from './fold-afresh.ts'
import { runKeyOf } from './run-states.ts'
import { removeEffects, saveEffects } from './store/effects.ts'
import { saveRuns } from './store/runs.ts'

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
  const { erasureId, isErased } = erasure
  const key = runKeyOf(notice)
  const journal = changed(journalReader(trx, archive), (event) =>
    isErased(event.seq) ? withoutPayload(event, erasureId) : event,
  )
  const bounds = { ...key, position: notice.position - 1, seqMax: Math.min(notice.seq, parkedSeq) - 1 }
  const { run, effects } = await foldAfresh(journal, bounds)
  await removeEffects(trx, key)
  if (run !== undefined) await saveRuns(trx, [{ ...key, run }])
  await saveEffects(
    trx,
    [...effects.values()].map((effect) => ({ ...key, effectId: effect.effectId, effect })),
  )
}

/** A reader whose events are changed as they come. */
function changed(reader: JournalReader, change: (event: JournalEvent) => JournalEvent): JournalReader {
  const readPage: JournalReader['readPage'] = async (query) => {
    const { events, more } = await reader.readPage(query)
    return { events: events.map(change), more }
  }
  return { ...reader, readPage, page: async (query) => (await readPage(query)).events }
}
