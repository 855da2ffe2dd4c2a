import { journalReader, leaveArchived } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'

/** Records of up to 500 events each. Mostly there are none, and few even after a large erasure. */
const PAGE_RECORDS = 20

/**
 * The records of erasures that were not carried out everywhere where a state is made from: in the journal's table, and in
 * what was made of it, which a projection empties as it passes them. In a read of that projection.
 */
export async function findOpenErasures(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<JournalEvent[]> {
  const { rows } = await sql<{ position: number }>`
    select least(
      (select min(position) from checkpoints),
      (select position from journal.erasure_progress where step = 'payloads')) as position`.execute(executor)
  const records: JournalEvent[] = []
  const page = { tenant, kinds: ['erasure'], limit: PAGE_RECORDS }
  for (let after = rows[0]?.position ?? 0, more = true; more; ) {
    const read = await journalReader(executor, leaveArchived).readPage({ ...page, after })
    records.push(...read.events)
    after = read.events.at(-1)?.position ?? after
    more = read.more && read.events.length > 0
  }
  return records
}
