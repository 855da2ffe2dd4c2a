import { eventColumns, type JournalRow, type PayloadArchive, toJournalEvent } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { StreamKey } from './events.ts'
import type { StreamExtent } from './moments.ts'

/** Single events of a stream by their seqs. Code: `archive-unavailable`. */
export async function readEventsBySeq(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
  { seqs, extent, archive }: { seqs: readonly number[]; extent: StreamExtent; archive: PayloadArchive },
): Promise<Map<number, JournalEvent>> {
  const { rows } = await sql<JournalRow>`
    select ${eventColumns} from unnest(${seqs}::bigint[]) as wanted (wanted_seq)
    cross join lateral (
      select * from journal.events
      where tenant = ${tenant} and stream = ${stream} and seq = wanted_seq
        and position between ${extent.firstPosition} and ${extent.lastPosition}
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole stream
    ) event
    order by seq`.execute(executor)
  const events = await archive.fill(rows.map(toJournalEvent), Number.MAX_SAFE_INTEGER)
  return new Map(events.map((event) => [event.seq, event]))
}
