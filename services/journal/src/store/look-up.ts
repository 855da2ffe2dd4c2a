import type { Database } from '@daybook/database'
import { FIRST_PREV } from '@daybook/events'
import { sql } from 'kysely'
import { type Job, type Known, keyNameOf, nameOf } from '../settle.ts'
import { splitName } from './stream-name.ts'
import type { JournalTables } from './tables.ts'
import { texts } from './texts.ts'

/** What of the journal has to be known to settle a batch. */
export interface LookUp {
  /** Streams whose ends are wanted, as names of `nameOf`. */
  streams: readonly string[]
  /** Events that may be in the journal already, by id … */
  ids: readonly { tenant: string; id: string }[]
  /** … and by natural key. */
  keys: readonly { tenant: string; stream: string; key: string }[]
}

/** All that a batch touches; `streams` are the names of all its streams. */
export function everythingOf(jobs: readonly Job[], streams: ReadonlySet<string>): LookUp {
  const drafts = jobs.flatMap(({ tenant, request }) => request.events.map((draft) => ({ tenant, draft })))
  return {
    streams: [...streams],
    ids: drafts.map(({ tenant, draft }) => ({ tenant, id: draft.id })),
    keys: keysOf(jobs),
  }
}

/** The natural keys of a batch: they are given to be found, so they are always looked up. */
export function keysOf(jobs: readonly Job[]): LookUp['keys'] {
  return jobs.flatMap(({ tenant, request }) =>
    request.events.flatMap(({ stream, key }) => (key === undefined ? [] : [{ tenant, stream, key }])),
  )
}

/** The end of a stream (`id` is null), or an event. */
interface KnownRow {
  tenant: string
  stream: string
  seq: number
  hash: string
  id: string | null
  type: string
  v: number
  key: string | null
  position: number
  recorded_at: Date
  checksum: string
}

const EVENT_COLUMNS = sql`e.tenant, e.stream, e.seq, e.hash, e.id, e.type, e.v, e.key, e.position, e.recorded_at, e.checksum`

/** Adds what is found to `known`. One statement, so that ends and events are of one snapshot; none if nothing is wanted. */
export async function lookUp(
  database: Database<JournalTables>,
  { streams, ids, keys }: LookUp,
  known: Known,
): Promise<void> {
  if (streams.length + ids.length + keys.length === 0) return
  const named = streams.map(splitName)
  const byKey = sql`union all
    select ${EVENT_COLUMNS}
    from unnest(${texts(keys, ({ tenant }) => tenant)}, ${texts(keys, ({ stream }) => stream)}, ${texts(keys, ({ key }) => key)})
      as k (tenant, stream, key)
    join journal.event_keys using (tenant, stream, key) join journal.events e using (position)`
  const rows = await database.prepared(
    keys.length === 0 ? 'append-look-up' : 'append-look-up-keys',
    sql<KnownRow>`
    select tenant, stream, seq, encode(hash, 'hex') as hash, id, type, v, key, position, recorded_at,
      encode(checksum, 'hex') as checksum
    from (
      select w.tenant, w.stream, coalesce(s.seq, 0) as seq, coalesce(s.hash, decode(${FIRST_PREV}, 'hex')) as hash,
        null as id, null as type, null::integer as v, null as key, null::bigint as position,
        null::timestamptz as recorded_at, null::bytea as checksum
      from unnest(${texts(named, ({ tenant }) => tenant)}, ${texts(named, ({ stream }) => stream)}) as w (tenant, stream)
      left join journal.streams s using (tenant, stream)
      union all
      select ${EVENT_COLUMNS}
      from unnest(${texts(ids, ({ tenant }) => tenant)}, ${texts(ids, ({ id }) => id)}) as i (tenant, id)
      join journal.event_ids using (tenant, id) join journal.events e using (position)
      ${keys.length === 0 ? sql`` : byKey}
    ) known`,
  )
  for (const row of rows) take(row, known)
}

function take(row: KnownRow, known: Known): void {
  const { tenant, stream, seq, hash, id, key } = row
  if (id === null) {
    known.heads.set(nameOf(tenant, stream), { seq, hash })
    return
  }
  const event = { ...row, id, key: key ?? undefined, recordedAt: row.recorded_at.toISOString() }
  known.byId.set(nameOf(tenant, id), event)
  if (key !== null) known.byKey.set(keyNameOf(tenant, stream, key), event)
}
