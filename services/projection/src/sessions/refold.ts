import { journalReader, type PayloadArchive, withoutErased } from '@daybook/eventing'
import { type JournalEvent, sessionErasureOf } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { foldSessionAfresh } from './fold-afresh.ts'
import { sessionKeyOf } from './session-states.ts'
import { removeLinks, saveLinks, saveSessions } from './store.ts'

/**
 * Makes the session what its events before `notice` are without the payloads that it names. Of a parked session only what
 * is not left out is made. Does nothing for an event that is no such notice.
 */
export async function refoldSession(
  trx: QueryExecutorProvider,
  { event: notice, parkedSeq = Number.POSITIVE_INFINITY }: { event: JournalEvent; parkedSeq?: number },
  archive: PayloadArchive,
): Promise<void> {
  const erasure = sessionErasureOf(notice)
  if (erasure === undefined) return
  const key = sessionKeyOf(notice)
  const bounds = { ...key, position: notice.position - 1, seqMax: Math.min(notice.seq, parkedSeq) - 1 }
  const { session, links } = await foldSessionAfresh(
    withoutErased(journalReader(trx, archive), erasure),
    bounds,
  )
  await removeLinks(trx, key)
  if (session !== undefined) await saveSessions(trx, [{ ...key, session }])
  await saveLinks(
    trx,
    [...links.values()].map((link) => ({ ...key, runId: link.runId, link })),
  )
}
