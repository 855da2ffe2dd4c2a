import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { FIRST_PREV, type Receipt } from '@daybook/events'
import { sql, type Transaction } from 'kysely'
import {
  type Job,
  type Known,
  type KnownEvent,
  type NewEvent,
  nameOf,
  type Settlement,
  type StreamHead,
  settle,
} from '../settle.ts'
import type { JournalTables } from './tables.ts'

/** What became of one request of a batch. */
type Answer = { receipts: Receipt[] } | { refusal: DaybookError }

export interface CommittedBatch {
  answers: Answer[]
  /** The last position of the journal after the batch; undefined when the batch added nothing. */
  position: number | undefined
}

type Trx = Transaction<JournalTables>

/**
 * Appends a batch in one transaction: lock the streams, find repetitions, settle, insert. Positions are taken last, so
 * that the one row every append needs is locked for the insert and the commit only.
 */
export async function appendBatch(
  database: Database<JournalTables>,
  jobs: readonly Job[],
): Promise<CommittedBatch> {
  return database.transaction(async (trx) => {
    const { heads, recordedAt } = await lockStreams(trx, jobs)
    const known = { heads, ...(await findKnown(trx, jobs)) }
    const settlement = settle(jobs, known, recordedAt)
    const base = settlement.events.length === 0 ? undefined : await insert(trx, settlement)
    return {
      answers: settlement.outcomes.map((outcome) =>
        'refusal' in outcome ? outcome : { receipts: outcome.receipts(base ?? 0) },
      ),
      position: base === undefined ? undefined : base + settlement.events.length,
    }
  })
}

interface HeadRow {
  tenant: string
  stream: string
  seq: number
  hash: string
  now: Date
}

/** Locks the rows of all streams that the batch writes or expects something of, making those that are missing. */
async function lockStreams(
  trx: Trx,
  jobs: readonly Job[],
): Promise<{ heads: Map<string, StreamHead>; recordedAt: string }> {
  const wanted = new Map<string, { tenant: string; stream: string }>()
  for (const { tenant, request } of jobs) {
    for (const { stream } of request.events) wanted.set(nameOf(tenant, stream), { tenant, stream })
    for (const stream of request.expect.keys()) wanted.set(nameOf(tenant, stream), { tenant, stream })
  }
  const names = [...wanted.values()]
  const tenants = names.map(({ tenant }) => tenant)
  const streams = names.map(({ stream }) => stream)
  const { rows } = await sql<HeadRow>`
    with wanted as (
      select * from unnest(${tenants}::text[], ${streams}::text[]) as w (tenant, stream)
    ), made as (
      insert into journal.streams (tenant, stream, seq, hash)
      select tenant, stream, 0, decode(${FIRST_PREV}, 'hex') from wanted w
      where not exists (select from journal.streams s where s.tenant = w.tenant and s.stream = w.stream)
      order by tenant, stream
      on conflict do nothing
      returning tenant, stream, seq, hash
    ), locked as (
      select s.tenant, s.stream, s.seq, s.hash from journal.streams s join wanted using (tenant, stream)
      order by s.tenant, s.stream for update of s
    )
    select tenant, stream, seq, encode(hash, 'hex') as hash, clock_timestamp() as now
    from (select * from locked union all select * from made) as heads`.execute(trx)
  if (rows.length < names.length) throw new StreamAppeared()
  const heads = new Map(rows.map(({ tenant, stream, seq, hash }) => [nameOf(tenant, stream), { seq, hash }]))
  // One clock for all instances: the database's, read after the locks were taken.
  return { heads, recordedAt: (rows[0]?.now ?? new Date()).toISOString() }
}

/** Another instance made one of the streams while this statement ran; a new statement will see it. */
class StreamAppeared extends Error {
  /** serialization_failure: the transaction is run again. */
  readonly code = '40001'
}

interface KnownRow extends Omit<KnownEvent, 'recordedAt' | 'key'> {
  key: string | null
  recorded_at: Date
}

const KNOWN_COLUMNS = sql`e.tenant, e.id, e.stream, e.type, e.v, e.key, e.seq, e.position, e.recorded_at,
  encode(e.checksum, 'hex') as checksum, encode(e.hash, 'hex') as hash`

async function findKnown(trx: Trx, jobs: readonly Job[]): Promise<Pick<Known, 'byId' | 'byKey'>> {
  const drafts = jobs.flatMap(({ tenant, request }) => request.events.map((draft) => ({ tenant, draft })))
  const keyed = drafts.filter(({ draft }) => draft.key !== undefined)
  const byIds = sql<KnownRow>`
    select ${KNOWN_COLUMNS} from journal.events e
    join unnest(${drafts.map(({ tenant }) => tenant)}::text[], ${drafts.map(({ draft }) => draft.id)}::text[]) as i (tenant, id)
      using (tenant, id)`
  const byKeys = sql<KnownRow>`
    select ${KNOWN_COLUMNS} from journal.events e
    join unnest(${keyed.map(({ tenant }) => tenant)}::text[], ${keyed.map(({ draft }) => draft.stream)}::text[],
                ${keyed.map(({ draft }) => draft.key)}::text[]) as k (tenant, stream, key)
      on e.tenant = k.tenant and e.stream = k.stream and e.key = k.key and e.key is not null`
  const { rows } = await (keyed.length === 0 ? byIds : sql<KnownRow>`${byIds} union ${byKeys}`).execute(trx)
  const events = rows.map(toKnown)
  return {
    byId: new Map(events.map((event) => [nameOf(event.tenant, event.id), event])),
    byKey: new Map(
      events.flatMap((event) =>
        event.key === undefined ? [] : [[nameOf(event.tenant, event.stream, event.key), event] as const],
      ),
    ),
  }
}

function toKnown({ recorded_at, key, ...row }: KnownRow): KnownEvent {
  return { ...row, key: key ?? undefined, recordedAt: recorded_at.toISOString() }
}

/** Inserts the events of a settlement and answers the last position before them. */
async function insert(trx: Trx, { events, heads }: Settlement): Promise<number> {
  const grown = [...heads].map(([name, head]) => ({ name: name.split(' '), ...head }))
  const column = <T>(pick: (event: NewEvent) => T): T[] => events.map(pick)
  const { rows } = await sql<{ base: number }>`
    with block as (
      update journal.head set position = position + ${events.length} returning position - ${events.length} as base
    ), moved as (
      update journal.streams s set seq = m.seq, hash = decode(m.hash, 'hex')
      from unnest(${grown.map(({ name }) => name[0])}::text[], ${grown.map(({ name }) => name[1])}::text[],
                  ${grown.map(({ seq }) => seq)}::bigint[], ${grown.map(({ hash }) => hash)}::text[]) as m (tenant, stream, seq, hash)
      where s.tenant = m.tenant and s.stream = m.stream
    ), added as (
      insert into journal.events (position, tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id,
        occurred_at, recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash)
      select block.base + e.n, e.tenant, e.stream, e.kind, e.seq, e.id, e.type, e.v, e.key, e.data, e.actor_kind, e.actor_id,
        e.occurred_at, e.recorded_at, e.correlation_id, e.causation_id, e.traceparent,
        decode(e.checksum, 'hex'), decode(e.prev, 'hex'), decode(e.hash, 'hex')
      from block, unnest(
        ${column(({ header }) => header.tenant)}::text[], ${column(({ header }) => header.stream)}::text[],
        ${column(({ kind }) => kind)}::text[], ${column(({ header }) => header.seq)}::bigint[],
        ${column(({ header }) => header.id)}::text[], ${column(({ header }) => header.type)}::text[],
        ${column(({ header }) => header.v)}::int[], ${column(({ header }) => header.key ?? null)}::text[],
        ${column(({ data }) => data)}::text[], ${column(({ header }) => header.actor.kind)}::text[],
        ${column(({ header }) => header.actor.id)}::text[], ${column(({ header }) => header.occurredAt)}::timestamptz[],
        ${column(({ header }) => header.recordedAt)}::timestamptz[], ${column(({ header }) => header.correlationId ?? null)}::text[],
        ${column(({ header }) => header.causationId ?? null)}::text[], ${column(({ header }) => header.traceparent ?? null)}::text[],
        ${column(({ header }) => header.checksum)}::text[], ${column(({ header }) => header.prev)}::text[],
        ${column(({ hash }) => hash)}::text[]
      ) with ordinality as e (tenant, stream, kind, seq, id, type, v, key, data, actor_kind, actor_id, occurred_at,
        recorded_at, correlation_id, causation_id, traceparent, checksum, prev, hash, n)
    )
    select base from block`.execute(trx)
  const base = rows[0]?.base
  if (base === undefined)
    throw new DaybookError('internal', 'journal.head has no row. Was the migration interrupted?')
  return base
}
