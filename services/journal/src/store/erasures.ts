import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** An event as an erasure names it, and whether there is anything left to erase. */
export interface ErasableEvent {
  id: string
  stream: string
  kind: string
  type: string
  seq: number
  position: number
  checksum: string
  isErased: boolean
}

const COLUMNS = sql`e.id, e.stream, e.kind, e.type, e.seq, e.position, encode(e.checksum, 'hex') as checksum,
  e.data is null and e.erasure_id not like 'archive:%' as "isErased"`

/** The events with these ids, in no order; those that are not there are left out. */
export async function findErasable(
  database: Database<JournalTables>,
  tenant: string,
  ids: readonly string[],
): Promise<ErasableEvent[]> {
  const { rows } = await sql<ErasableEvent>`
    select ${COLUMNS} from journal.event_ids i join journal.events e on e.position = i.position
    where i.tenant = ${tenant} and i.id = any(${ids}::text[])`.execute(database.kysely)
  return rows
}

/** The next events of a stream, at most `limit`, none after `last`. */
export async function pageOfErasable(
  database: Database<JournalTables>,
  { tenant, stream }: { tenant: string; stream: string },
  { after, last, limit }: { after: number; last: number; limit: number },
): Promise<ErasableEvent[]> {
  const { rows } = await sql<ErasableEvent>`
    select ${COLUMNS} from journal.streams s
    join journal.events e on e.tenant = s.tenant and e.stream = s.stream
      and e.position between s.first_position and s.last_position
    where s.tenant = ${tenant} and s.stream = ${stream} and e.seq > ${after} and e.seq <= ${last}
    order by e.seq limit ${limit}`.execute(database.kysely)
  return rows
}

/** The last seq of a stream; 0 if there is none of that name. */
export async function findLastSeq(
  database: Database<JournalTables>,
  tenant: string,
  stream: string,
): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select seq from journal.streams where tenant = ${tenant} and stream = ${stream}`.execute(database.kysely)
  return rows[0]?.seq ?? 0
}

/** The places where an erasure has to be carried out, in this order. */
export const ERASURE_STEPS = ['payloads', 'bundles', 'blobs', 'stream'] as const
export type ErasureStep = (typeof ERASURE_STEPS)[number]

/** Up to which position the records of erasures have been carried out, in each place. */
export async function readErasureProgress(
  executor: Database<JournalTables>['kysely'],
): Promise<Record<ErasureStep, number>> {
  const { rows } = await sql<{ step: ErasureStep; position: number }>`
    select step, position from journal.erasure_progress`.execute(executor)
  const positions = new Map(rows.map(({ step, position }) => [step, position]))
  const of = (step: ErasureStep) => positions.get(step) ?? 0
  return { payloads: of('payloads'), bundles: of('bundles'), blobs: of('blobs'), stream: of('stream') }
}

/** Never goes back: another instance may be further. */
export async function saveErasureProgress(
  database: Database<JournalTables>,
  step: ErasureStep,
  position: number,
): Promise<void> {
  await sql`
    update journal.erasure_progress set position = ${position}
    where step = ${step} and position < ${position}`.execute(database.kysely)
}

/** Takes the payloads that the record at this position names. Answers how many were still there. */
export async function erasePayloads(database: Database<JournalTables>, record: number): Promise<number> {
  return database.transaction(async (trx) => {
    const { rows } = await sql<{ gone: number }>`
      select journal.erase_payloads(${record}::bigint) as gone`.execute(trx)
    return rows[0]?.gone ?? 0
  })
}

/** Looks through so many positions in one statement: a second's work or two. */
const REFERENCE_POSITIONS = 50_000
/** A producer appends right after it has kept a blob. */
const PATIENCE_MS = 15 * 60_000

/**
 * Takes the blobs that nothing refers to any more, of those that the record's events referred to. False when a blob has
 * to wait, since a producer has kept it anew and is about to refer to it.
 */
export async function eraseBlobs(
  database: Database<JournalTables>,
  record: number,
  patienceMs: number = PATIENCE_MS,
): Promise<boolean> {
  for (let left = 1; left > 0; ) {
    const { rows } = await sql<{ left: number }>`
      select journal.collect_references(${REFERENCE_POSITIONS}) as left`.execute(database.kysely)
    left = rows[0]?.left ?? 0
  }
  return database.transaction(async (trx) => {
    const { rows } = await sql<{ waiting: number }>`
      select journal.erase_blobs(${record}::bigint, ${patienceMs} * interval '1 millisecond') as waiting`.execute(
      trx,
    )
    return rows[0]?.waiting === 0
  })
}

/**
 * Empties the dead letters that mention an erased event, or any event of a stream that was erased as a whole, and those
 * about an erased event: what a projection says of it may quote it.
 */
export async function eraseDeadLetters(
  database: Database<JournalTables>,
  tenant: string,
  mentioned: readonly string[],
  erasureId: string,
): Promise<void> {
  await database.transaction((trx) =>
    sql`
      update journal.dead_letters set body = convert_to(${`erased by ${erasureId}`}, 'UTF8'), headers = '{}',
        detail = ${`erased by ${erasureId}`}
      where tenant = ${tenant} and exists (
        select from unnest(${mentioned}::text[]) as m (words) where position(convert_to(m.words, 'UTF8') in body) > 0
        union all
        select from journal.event_ids e
        where e.tenant = dead_letters.tenant and e.id = any(${mentioned}::text[]) and e.position = dead_letters.position
      )`.execute(trx),
  )
}

/** Up to which position the relay has published, as far as it has said. */
export async function findRelayPosition(database: Database<JournalTables>): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    select position from journal.relay where name = 'events'`.execute(database.kysely)
  return rows[0]?.position ?? 0
}
