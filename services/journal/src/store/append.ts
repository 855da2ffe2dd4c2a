import type { Database } from '@daybook/database'
import type { DaybookError } from '@daybook/errors'
import { FIRST_PREV, type Receipt } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import {
  type Job,
  type Known,
  type NewEvent,
  nameOf,
  type Settlement,
  type StreamHead,
  settle,
} from '../settle.ts'
import type { Added } from '../tap.ts'
import type { JournalTables } from './tables.ts'

/** What became of one request of a batch. */
type Answer = { receipts: Receipt[] } | { refusal: DaybookError }

export interface CommittedBatch {
  answers: Answer[]
  /** What the batch added; undefined when that is nothing. */
  added: Added | undefined
}

/**
 * Appends a batch in two statements, each a transaction of its own, so that no lock is held while words travel:
 *
 * A1 Read the ends of the streams, the events that the journal has already under the ids and keys of the batch, and the
 *    database's time. Settle the batch against that.
 * A2 Write everything in one statement, which first locks the streams in sorted order and requires that they still end
 *    where A1 saw them. If one does not, another instance was faster: nothing is written (SQLSTATE 40001), and the
 *    batch has to be settled again.
 * A3 The row of `journal.head`, which every append needs, is locked last: for the insert and the commit only.
 */
export async function appendBatch(
  database: Database<JournalTables>,
  jobs: readonly Job[],
): Promise<CommittedBatch> {
  const { known, recordedAt } = await readKnown(database, jobs)
  const settlement = settle(jobs, known, recordedAt)
  const base = settlement.events.length === 0 ? undefined : await write(database, settlement, known.heads)
  return {
    answers: settlement.outcomes.map((outcome) =>
      'refusal' in outcome ? outcome : { receipts: outcome.receipts(base ?? 0) },
    ),
    added: base === undefined ? undefined : { base, events: settlement.events },
  }
}

/** The end of a stream (`id` is null), or an event. */
interface KnownRow {
  tenant: string
  stream: string
  seq: number
  hash: string
  now: Date
  id: string | null
  type: string
  v: number
  key: string | null
  position: number
  recorded_at: Date
  checksum: string
}

const EVENT_COLUMNS = sql`e.tenant, e.stream, e.seq, e.hash, e.id, e.type, e.v, e.key, e.position, e.recorded_at, e.checksum`

/** A1. One statement, so that heads and events are of one snapshot. */
async function readKnown(
  database: Database<JournalTables>,
  jobs: readonly Job[],
): Promise<{ known: Known; recordedAt: string }> {
  const heads = streamsOf(jobs)
  const drafts = jobs.flatMap(({ tenant, request }) => request.events.map((draft) => ({ tenant, draft })))
  const keyed = drafts.filter(({ draft }) => draft.key !== undefined)
  const byKey = sql`union all
    select ${EVENT_COLUMNS} from journal.events e
    join unnest(${keyed.map(({ tenant }) => tenant)}::text[], ${keyed.map(({ draft }) => draft.stream)}::text[],
                ${keyed.map(({ draft }) => draft.key)}::text[]) as k (tenant, stream, key)
      on e.tenant = k.tenant and e.stream = k.stream and e.key = k.key and e.key is not null`
  const rows = await database.prepared(
    keyed.length === 0 ? 'append-read' : 'append-read-keyed',
    sql<KnownRow>`
    select tenant, stream, seq, encode(hash, 'hex') as hash, clock_timestamp() as now,
      id, type, v, key, position, recorded_at, encode(checksum, 'hex') as checksum
    from (
      select w.tenant, w.stream, coalesce(s.seq, 0) as seq, coalesce(s.hash, decode(${FIRST_PREV}, 'hex')) as hash,
        null as id, null as type, null::integer as v, null as key, null::bigint as position,
        null::timestamptz as recorded_at, null::bytea as checksum
      from unnest(${words(heads, ({ tenant }) => tenant)}::text[], ${words(heads, ({ stream }) => stream)}::text[])
        as w (tenant, stream)
      left join journal.streams s using (tenant, stream)
      union all
      select ${EVENT_COLUMNS} from journal.events e
      join unnest(${words(drafts, ({ tenant }) => tenant)}::text[], ${words(drafts, ({ draft }) => draft.id)}::text[]) as i (tenant, id)
        using (tenant, id)
      ${keyed.length === 0 ? sql`` : byKey}
    ) known`,
  )
  return { known: toKnown(rows), recordedAt: (rows[0]?.now ?? new Date()).toISOString() }
}

/** All streams that the batch writes or expects something of, each once. */
function streamsOf(jobs: readonly Job[]): { tenant: string; stream: string }[] {
  const streams = new Map<string, { tenant: string; stream: string }>()
  for (const { tenant, request } of jobs) {
    for (const { stream } of request.events) streams.set(nameOf(tenant, stream), { tenant, stream })
    for (const stream of request.expect.keys()) streams.set(nameOf(tenant, stream), { tenant, stream })
  }
  return [...streams.values()]
}

function toKnown(rows: readonly KnownRow[]): Known {
  const known: Known = { heads: new Map(), byId: new Map(), byKey: new Map() }
  for (const row of rows) {
    const { tenant, stream, seq, hash, id, key } = row
    if (id === null) {
      known.heads.set(nameOf(tenant, stream), { seq, hash })
      continue
    }
    const event = { ...row, id, key: key ?? undefined, recordedAt: row.recorded_at.toISOString() }
    known.byId.set(nameOf(tenant, id), event)
    if (key !== null) known.byKey.set(nameOf(tenant, stream, key), event)
  }
  return known
}

/** A stream that the batch relies on, and where it must still end. */
interface Relied {
  tenant: string
  stream: string
  before: StreamHead
  after: StreamHead
}

/** In one order for all instances, so that they wait for each other instead of dying of a deadlock. */
function reliedOn({ heads }: Settlement, before: ReadonlyMap<string, StreamHead>): Relied[] {
  return [...before]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, head]) => {
      const space = name.indexOf(' ')
      return {
        tenant: name.slice(0, space),
        stream: name.slice(space + 1),
        before: head,
        after: heads.get(name) ?? head,
      }
    })
}

/**
 * A Postgres array of words that can hold neither a quotation mark nor a backslash: names, ids, instants and hashes, all
 * of which were checked against their patterns when they came in. The driver would look through every one of them for
 * something to escape, which took a fifteenth of the journal's time.
 */
function words<T>(items: readonly T[], pick: (item: T) => string): string {
  return items.length === 0 ? '{}' : `{"${items.map(pick).join('","')}"}`
}

/** New events as rows of `e`, numbered by `n` from 1 on. */
function rowsOf(events: readonly NewEvent[]): RawBuilder<unknown> {
  const column = <T>(pick: (event: NewEvent) => T): T[] => events.map(pick)
  return sql`
    unnest(
        ${words(events, ({ header }) => header.tenant)}::text[], ${words(events, ({ header }) => header.stream)}::text[],
        ${words(events, ({ kind }) => kind)}::text[], ${column(({ header }) => header.seq)}::bigint[],
        ${words(events, ({ header }) => header.id)}::text[], ${words(events, ({ header }) => header.type)}::text[],
        ${column(({ header }) => header.v)}::int[], ${column(({ header }) => header.key ?? null)}::text[],
        ${column(({ data }) => data)}::text[], ${column(({ header }) => header.actor.kind)}::text[],
        ${column(({ header }) => header.actor.id)}::text[], ${words(events, ({ header }) => header.occurredAt)}::timestamptz[],
        ${words(events, ({ header }) => header.recordedAt)}::timestamptz[], ${column(({ header }) => header.correlationId ?? null)}::text[],
        ${column(({ header }) => header.causationId ?? null)}::text[], ${column(({ header }) => header.traceparent ?? null)}::text[],
        ${words(events, ({ header }) => header.checksum)}::text[], ${words(events, ({ header }) => header.prev)}::text[],
        ${words(events, ({ hash }) => hash)}::text[]
      ) with ordinality as e (tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id, occurred_at,
        recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash, n)`
}

/** A2, A3. Answers the last position before the new events. */
async function write(
  database: Database<JournalTables>,
  settlement: Settlement,
  before: ReadonlyMap<string, StreamHead>,
): Promise<number> {
  const relied = reliedOn(settlement, before)
  const { events } = settlement
  const rows = await database.prepared(
    'append-write',
    sql<{ base: number }>`
    with relied as (
      select * from unnest(
        ${relied.map(({ tenant }) => tenant)}::text[], ${relied.map(({ stream }) => stream)}::text[],
        ${relied.map((one) => one.before.seq)}::bigint[], ${relied.map((one) => one.after.seq)}::bigint[],
        ${relied.map((one) => one.after.hash)}::text[]) as r (tenant, stream, seq_before, seq_after, hash_after)
    ), locked as (
      select s.tenant, s.stream, s.seq from relied join journal.streams s using (tenant, stream)
      order by s.tenant, s.stream for update of s
    ), made as (
      insert into journal.streams (tenant, stream, seq, hash)
      select tenant, stream, seq_after, decode(hash_after, 'hex') from relied
      where seq_before = 0 and not exists (select from locked l where l.tenant = relied.tenant and l.stream = relied.stream)
      order by tenant, stream
      on conflict do nothing
      returning 1
    ), moved as (
      update journal.streams s set seq = r.seq_after, hash = decode(r.hash_after, 'hex')
      from relied r join locked l on l.tenant = r.tenant and l.stream = r.stream and l.seq = r.seq_before
      where s.tenant = r.tenant and s.stream = r.stream
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
    select base from block`,
  )
  const base = rows[0]?.base
  if (base === undefined) throw new Error('journal.head has no row: the migration was interrupted')
  return base
}
