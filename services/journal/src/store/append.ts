import type { Database } from '@daybook/database'
import type { DaybookError } from '@daybook/errors'
import { type EventHeader, FIRST_PREV, type Receipt } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import { streamsOf } from '../gather.ts'
import {
  type Job,
  type Known,
  keyNameOf,
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
  const heads = [...new Set(jobs.flatMap((job) => [...streamsOf(job)]))].map(splitName)
  const drafts = jobs.flatMap(({ tenant, request }) => request.events.map((draft) => ({ tenant, draft })))
  const keyed = drafts.filter(({ draft }) => draft.key !== undefined)
  const byKey = sql`union all
    select ${EVENT_COLUMNS} from journal.events e
    join unnest(${texts(keyed, ({ tenant }) => tenant)}, ${texts(keyed, ({ draft }) => draft.stream)},
                ${texts(keyed, ({ draft }) => draft.key)}) as k (tenant, stream, key)
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
      from unnest(${texts(heads, ({ tenant }) => tenant)}, ${texts(heads, ({ stream }) => stream)})
        as w (tenant, stream)
      left join journal.streams s using (tenant, stream)
      union all
      select ${EVENT_COLUMNS} from journal.events e
      join unnest(${texts(drafts, ({ tenant }) => tenant)}, ${texts(drafts, ({ draft }) => draft.id)}) as i (tenant, id)
        using (tenant, id)
      ${keyed.length === 0 ? sql`` : byKey}
    ) known`,
  )
  return { known: toKnown(rows), recordedAt: (rows[0]?.now ?? new Date()).toISOString() }
}

interface StreamName {
  tenant: string
  stream: string
}

/** The opposite of `nameOf`. */
function splitName(name: string): StreamName {
  const space = name.indexOf(' ')
  return { tenant: name.slice(0, space), stream: name.slice(space + 1) }
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
    if (key !== null) known.byKey.set(keyNameOf(tenant, stream, key), event)
  }
  return known
}

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

/** Between values of a list. No value can hold it: names may hold no control character, and in JSON it is escaped. */
const SEPARATOR = '\u001f'

/**
 * A list of texts as one text, taken apart by the database; absent values become null. None of the texts is empty. As an
 * array every one of them would be looked through for something to escape, on both sides: a tenth of the journal's time.
 */
function texts<T>(items: readonly T[], pick: (item: T) => string | number | undefined): RawBuilder<string[]> {
  return sql`string_to_array(${items.map(pick).join(SEPARATOR)}, E'\\x1f', '')`
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
        ${texts(relied, ({ tenant }) => tenant)}, ${texts(relied, ({ stream }) => stream)},
        ${texts(relied, ({ before }) => before.seq)}::bigint[], ${texts(relied, ({ after }) => after.seq)}::bigint[],
        ${texts(relied, ({ after }) => after.hash)}) as r (tenant, stream, seq_before, seq_after, hash_after)
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
