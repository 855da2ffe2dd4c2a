import { type QueryExecutorProvider, sql } from 'kysely'
import type { StreamKey } from './events.ts'

/** How far a stream goes, and between which positions of the journal it lies. */
export interface StreamExtent {
  lastSeq: number
  firstPosition: number
  lastPosition: number
}

/** Undefined if the stream has no events. */
export async function findExtent(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
): Promise<StreamExtent | undefined> {
  const { rows } = await sql<StreamExtent>`
    select seq as "lastSeq", first_position as "firstPosition", last_position as "lastPosition"
    from journal.streams where tenant = ${tenant} and stream = ${stream} and seq > 0`.execute(executor)
  return rows[0]
}

/**
 * The seq that a stream had reached at an instant of the journal's clock; 0 before its first event. Found by halving: the
 * event of that seq was recorded by then, the one after it was not. Where clocks of instances of the journal contradict
 * each other, by milliseconds, more than one seq may be so; which one it is does not change as the stream grows.
 */
export async function findSeqAtInstant(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
  { instant, extent }: { instant: string; extent: StreamExtent },
): Promise<number> {
  const { lastSeq, firstPosition, lastPosition } = extent
  const first = 2 ** Math.floor(Math.log2(lastSeq))
  // The seq to be probed is a column of its own: of a sum made on the way row-level security makes no use of the index.
  const { rows } = await sql<{ seq: number }>`
    with recursive search (seq, step, probe) as (
      select 0::bigint, ${first}::bigint, ${first}::bigint
      union all
      select reached.seq, search.step / 2, reached.seq + search.step / 2
      from search
      left join lateral (
        select recorded_at from journal.events event
        where event.tenant = ${tenant} and event.stream = ${stream} and event.seq = search.probe
          and event.position between ${firstPosition} and ${lastPosition}
        limit 1 -- the key is unique; this makes the planner look it up
      ) probed on true
      cross join lateral (
        select case when probed.recorded_at <= ${instant}::timestamptz then search.probe else search.seq end as seq
      ) reached
      where search.step > 0
    )
    select seq from search where step = 0`.execute(executor)
  return rows[0]?.seq ?? 0
}

/** When the journal recorded an event of a stream; null for seq 0. */
export async function findRecordedAt(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
  { seq, extent }: { seq: number; extent: StreamExtent },
): Promise<string | null> {
  const { rows } = await sql<{ recordedAt: Date }>`
    select recorded_at as "recordedAt" from journal.events
    where tenant = ${tenant} and stream = ${stream} and seq = ${seq}
      and position between ${extent.firstPosition} and ${extent.lastPosition}`.execute(executor)
  return rows[0]?.recordedAt.toISOString() ?? null
}
