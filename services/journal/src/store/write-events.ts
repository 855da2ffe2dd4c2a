import type { Database } from '@daybook/database'
import type { EventHeader } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import type { NewEvent, Settlement, StreamHead } from '../settle.ts'
import { type StreamName, splitName } from './stream-name.ts'
import type { JournalTables } from './tables.ts'
import { texts } from './texts.ts'

/** A stream that the batch relies on, and where it must still end. */
interface Relied extends StreamName {
  before: StreamHead
  after: StreamHead
}

/** In one order for all instances, so that they wait for each other instead of dying of a deadlock. */
function reliedOn({ heads }: Settlement, before: ReadonlyMap<string, StreamHead>): Relied[] {
  return [...before]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, head]) => ({ ...splitName(name), before: head, after: heads.get(name) ?? head }))
}

/** New events as rows of `e`, numbered by `n` from 1 on. */
function rowsOf(events: readonly NewEvent[]): RawBuilder<unknown> {
  const inHeader = (pick: (header: EventHeader) => string | number | undefined) =>
    texts(events, ({ header }) => pick(header))
  return sql`
    unnest(
        ${inHeader(({ tenant }) => tenant)}, ${inHeader(({ stream }) => stream)}, ${texts(events, ({ kind }) => kind)},
        ${inHeader(({ seq }) => seq)}::bigint[], ${inHeader(({ id }) => id)}, ${inHeader(({ type }) => type)},
        ${inHeader(({ v }) => v)}::int[], ${inHeader(({ key }) => key)}, ${texts(events, ({ data }) => data)},
        ${inHeader(({ actor }) => actor.kind)}, ${inHeader(({ actor }) => actor.id)},
        ${inHeader(({ occurredAt }) => occurredAt)}::timestamptz[], ${inHeader(({ recordedAt }) => recordedAt)}::timestamptz[],
        ${inHeader(({ correlationId }) => correlationId)}, ${inHeader(({ causationId }) => causationId)},
        ${inHeader(({ traceparent }) => traceparent)}, ${inHeader(({ checksum }) => checksum)},
        ${inHeader(({ prev }) => prev)}, ${texts(events, ({ hash }) => hash)}
      ) with ordinality as e (tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id, occurred_at,
        recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash, n)`
}

/**
 * A2, A3 of `append.ts`. Answers the last position before the new events, and the database's time. The streams are
 * locked in the order of `relied`, by being moved, and a stream that has no row yet by getting one.
 */
export async function writeEvents(
  database: Database<JournalTables>,
  settlement: Settlement,
  before: ReadonlyMap<string, StreamHead>,
): Promise<{ base: number; now: Date }> {
  const relied = reliedOn(settlement, before)
  const { events } = settlement
  const rows = await database.prepared(
    'append-write',
    sql<{ base: number; now: Date }>`
    with relied as materialized (
      select * from unnest(
        ${texts(relied, ({ tenant }) => tenant)}, ${texts(relied, ({ stream }) => stream)},
        ${texts(relied, ({ before }) => before.seq)}::bigint[], ${texts(relied, ({ after }) => after.seq)}::bigint[],
        ${texts(relied, ({ after }) => after.hash)}) as r (tenant, stream, seq_before, seq_after, hash_after)
    ), made as (
      insert into journal.streams as s (tenant, stream, seq, hash)
      select tenant, stream, seq_after, decode(hash_after, 'hex') from relied where seq_before = 0
      on conflict (tenant, stream) do update set seq = excluded.seq, hash = excluded.hash where s.seq = 0
      returning 1
    ), moved as (
      update journal.streams s set seq = r.seq_after, hash = decode(r.hash_after, 'hex')
      from relied r
      where s.tenant = r.tenant and s.stream = r.stream and s.seq = r.seq_before and r.seq_before > 0
      returning 1
    ), block as (
      update journal.head set position = position + case
        when (select count(*) from made) + (select count(*) from moved) = ${relied.length}::integer then ${events.length}::integer
        else journal.lost_race() end
      returning position - ${events.length}::integer as base
    ), added as (
      insert into journal.events (position, tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id,
        occurred_at, recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash)
      select block.base + e.n, e.tenant, e.stream, e.kind, e.seq, e.id, e.type, e.v, e.key, e.data, e.actor_kind, e.actor_id,
        e.occurred_at, e.recorded_at, e.correlation_id, e.causation_id, e.traceparent,
        decode(e.checksum, 'hex'), decode(e.prev, 'hex'), decode(e.hash, 'hex')
      from block, ${rowsOf(settlement.events)}
    )
    select base, clock_timestamp() as now from block`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('journal.head has no row: the migration was interrupted')
  return row
}
