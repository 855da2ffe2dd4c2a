import type { Database } from '@daybook/database'
import type { EventHeader } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import { type NewEvent, nameOf, type Settlement, type StreamHead } from '../settle.ts'
import { type StreamName, splitName } from './stream-name.ts'
import type { JournalTables } from './tables.ts'
import { texts } from './texts.ts'

/** A stream that the batch relies on, where it must still end, and which of the new events are its own. */
interface Relied extends StreamName {
  before: StreamHead
  after: StreamHead
  /** Offsets of its first and its last new event; undefined when it gets none. */
  firstOffset: number | undefined
  lastOffset: number | undefined
}

function reliedOn({ events, heads }: Settlement, before: ReadonlyMap<string, StreamHead>): Relied[] {
  const offsets = new Map<string, { first: number; last: number }>()
  for (const { header, offset } of events) {
    const name = nameOf(header.tenant, header.stream)
    const known = offsets.get(name)
    if (known === undefined) offsets.set(name, { first: offset, last: offset })
    else known.last = offset
  }
  return [...before].map(([name, head]) => ({
    ...splitName(name),
    before: head,
    after: heads.get(name) ?? head,
    firstOffset: offsets.get(name)?.first,
    lastOffset: offsets.get(name)?.last,
  }))
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
        ${inHeader(({ occurredAt }) => occurredAt)}::timestamptz[],
        ${inHeader(({ correlationId }) => correlationId)}, ${inHeader(({ causationId }) => causationId)},
        ${inHeader(({ traceparent }) => traceparent)}, ${inHeader(({ checksum }) => checksum)},
        ${inHeader(({ prev }) => prev)}, ${texts(events, ({ hash }) => hash)}
      ) with ordinality as e (tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id, occurred_at,
        correlation_id, causation_id, traceparent, checksum, prev, hash, n)`
}

/** Streams as rows of `r`. */
function reliedRowsOf(relied: readonly Relied[]): RawBuilder<unknown> {
  return sql`
    unnest(
        ${texts(relied, ({ tenant }) => tenant)}, ${texts(relied, ({ stream }) => stream)},
        ${texts(relied, ({ before }) => before.seq)}::bigint[], ${texts(relied, ({ before }) => before.hash)},
        ${texts(relied, ({ after }) => after.seq)}::bigint[], ${texts(relied, ({ after }) => after.hash)},
        ${texts(relied, ({ firstOffset }) => firstOffset)}::int[], ${texts(relied, ({ lastOffset }) => lastOffset)}::int[]
      ) as r (tenant, stream, seq_before, hash_before, seq_after, hash_after, first_offset, last_offset)`
}

/** The ids of new events as rows of `i`, numbered by `n` from 1 on. */
function idRowsOf(events: readonly NewEvent[]): RawBuilder<unknown> {
  return sql`
    unnest(${texts(events, ({ header }) => header.tenant)}, ${texts(events, ({ header }) => header.id)})
      with ordinality as i (tenant, id, n)`
}

/** Events that have a natural key, as rows of `k`. */
function keyRowsOf(events: readonly NewEvent[]): RawBuilder<unknown> {
  const keyed = events.filter(({ header }) => header.key !== undefined)
  return sql`
    unnest(${texts(keyed, ({ header }) => header.tenant)}, ${texts(keyed, ({ header }) => header.stream)},
      ${texts(keyed, ({ header }) => header.key)}, ${texts(keyed, ({ offset }) => offset)}::int[]) as k (tenant, stream, key, n)`
}

/** What a write answers: the last position before the new events, and the database's time. */
interface Written {
  base: number
  now: Date
}

function writeStatement({ events, recordedAt }: Settlement, relied: readonly Relied[]): RawBuilder<Written> {
  return sql<Written>`
    with block as (
      update journal.head set position = position + ${events.length}::integer
      returning position - ${events.length}::integer as base
    ), relied as (
      select r.*, block.base + r.first_offset as first_position, block.base + r.last_offset as last_position
      from block, ${reliedRowsOf(relied)}
    ), made as (
      insert into journal.streams as s (tenant, stream, seq, hash, first_position, last_position)
      select tenant, stream, seq_after, decode(hash_after, 'hex'), first_position, last_position
      from relied where seq_before = 0
      on conflict (tenant, stream) do update set seq = excluded.seq, hash = excluded.hash,
        first_position = excluded.first_position, last_position = excluded.last_position where s.seq = 0
      returning 1
    ), moved as (
      update journal.streams s set seq = r.seq_after, hash = decode(r.hash_after, 'hex'),
        last_position = coalesce(r.last_position, s.last_position)
      from relied r
      where s.tenant = r.tenant and s.stream = r.stream and s.seq = r.seq_before and r.seq_before > 0
        and s.hash = decode(r.hash_before, 'hex')
      returning 1
    ), won as (
      select base from block
      where case when (select count(*) from made) + (select count(*) from moved) = ${relied.length}::integer then 0
        else journal.lost_race() end = 0
    ), ids as (
      insert into journal.event_ids (tenant, id, position)
      select i.tenant, i.id, won.base + i.n from won, ${idRowsOf(events)}
    ), keys as (
      insert into journal.event_keys (tenant, stream, key, position)
      select k.tenant, k.stream, k.key, won.base + k.n from won, ${keyRowsOf(events)}
    ), added as (
      insert into journal.events (position, tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id,
        occurred_at, recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash)
      select won.base + e.n, e.tenant, e.stream, e.kind, e.seq, e.id, e.type, e.v, e.key, e.data, e.actor_kind, e.actor_id,
        e.occurred_at, ${recordedAt}::timestamptz, e.correlation_id, e.causation_id, e.traceparent,
        decode(e.checksum, 'hex'), decode(e.prev, 'hex'), decode(e.hash, 'hex')
      from won, ${rowsOf(events)}
    )
    select base, clock_timestamp() as now from won`
}

/** A2, A3 of `append.ts`. */
export async function writeEvents(
  database: Database<JournalTables>,
  settlement: Settlement,
  before: ReadonlyMap<string, StreamHead>,
): Promise<Written> {
  const statement = writeStatement(settlement, reliedOn(settlement, before))
  const [row] = await database.prepared('append-write', statement)
  if (row === undefined) throw new Error('journal.head has no row: the migration was interrupted')
  return row
}
