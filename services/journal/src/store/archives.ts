import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** A stream that has ended, and what of it is still in the table. */
export interface EndedStream {
  tenant: string
  stream: string
  firstSeq: number
  lastSeq: number
  firstPosition: number
  lastPosition: number
}

/** A part of a stream that is in the archive, or on its way there. */
export interface ArchiveRow extends EndedStream {
  id: string
  location: string
  name: string
  sha256: string | null
  bytes: number | null
  createdAt: Date
  archivedAt: Date | null
}

const COLUMNS = sql`id, tenant, stream, first_seq as "firstSeq", last_seq as "lastSeq", first_position as "firstPosition",
  last_position as "lastPosition", location, name, encode(sha256, 'hex') as sha256, bytes, created_at as "createdAt",
  archived_at as "archivedAt"`

/** Longer than a bundle takes to be written, with all tries of its store; who died holds nobody up for longer. */
const CLAIM_MS = 10 * 60_000

/** Positions that are looked at for ends of streams in one statement. */
const WINDOW = 20_000

/**
 * Runs that ended, whose last event lies in the next window of positions and is older than `before`; and where to go on.
 * A run counts at its last event, so that whatever is said after its end keeps it out of the archive for as long.
 * `upto` is `after` when there is nothing more that is old enough.
 */
export async function findEndedRuns(
  database: Database<JournalTables>,
  { after, before }: { after: number; before: Date },
): Promise<{ streams: EndedStream[]; upto: number }> {
  const { rows: bounds } = await sql<{ upto: number }>`
    select least(
      (select min(position) - 1 from journal.events
        where position > ${after} and position <= ${after + WINDOW} and recorded_at >= ${before}),
      (select least(position, ${after + WINDOW}) from journal.head)
    ) as upto`.execute(database.kysely)
  const upto = bounds[0]?.upto ?? after
  const { rows } = await sql<EndedStream>`
    select s.tenant, s.stream, s.seq as "lastSeq", s.last_position as "lastPosition",
      held.first_seq as "firstSeq", held.first_position as "firstPosition"
    from journal.events last join journal.streams s on s.tenant = last.tenant and s.stream = last.stream
      and s.last_position = last.position
    cross join lateral (
      select min(e.seq) as first_seq, min(e.position) as first_position,
        bool_or(e.type in ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED')) as has_ended,
        bool_or(e.data is not null) as has_payload
      from journal.events e
      where e.tenant = s.tenant and e.stream = s.stream and e.position between s.first_position and s.last_position
        and e.seq > coalesce((select max(a.last_seq) from journal.archives a
          where a.tenant = s.tenant and a.stream = s.stream and a.archived_at is not null), 0)
    ) held
    where last.kind = 'run' and last.position > ${after} and last.position <= ${upto}
      and held.has_ended and held.has_payload
    order by last.position`.execute(database.kysely)
  return { streams: rows, upto }
}

/** Up to where ended streams have been looked for. */
export async function readArchiveProgress(database: Database<JournalTables>): Promise<number> {
  const { rows } = await sql<{ position: number }>`select position from journal.archive_progress`.execute(
    database.kysely,
  )
  return rows[0]?.position ?? 0
}

/** Never goes back. */
export async function saveArchiveProgress(
  database: Database<JournalTables>,
  position: number,
): Promise<void> {
  await sql`update journal.archive_progress set position = ${position} where position < ${position}`.execute(
    database.kysely,
  )
}

/** What a new row says beyond the stream. */
export interface NewArchive {
  id: string
  location: string
  name: string
}

/**
 * Claims the archiving of a stream, which begins here or was begun by somebody who is gone. Undefined: somebody is at
 * it, or it is done.
 */
export async function claimArchive(
  database: Database<JournalTables>,
  ended: EndedStream,
  { id, location, name }: NewArchive,
): Promise<ArchiveRow | undefined> {
  const { tenant, stream, firstSeq, lastSeq, firstPosition, lastPosition } = ended
  const { rows } = await sql<ArchiveRow>`
    insert into journal.archives as a
      (id, tenant, stream, first_seq, last_seq, first_position, last_position, location, name, claim, claimed_until)
    values (${id}, ${tenant}, ${stream}, ${firstSeq}, ${lastSeq}, ${firstPosition}, ${lastPosition}, ${location}, ${name},
      ${id}, now() + ${CLAIM_MS} * interval '1 millisecond')
    on conflict (tenant, stream, first_seq) do update set claim = excluded.claim, claimed_until = excluded.claimed_until,
      last_seq = excluded.last_seq, last_position = excluded.last_position
    where a.archived_at is null and a.claimed_until < now()
    returning ${COLUMNS}`.execute(database.kysely)
  return rows[0]
}

/** Claims an archive whose bundle has to be written again. False: somebody else is at it. */
export async function claimRewriting(
  database: Database<JournalTables>,
  id: string,
  claim: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update journal.archives set claim = ${claim}, claimed_until = now() + ${CLAIM_MS} * interval '1 millisecond'
    where id = ${id} and claimed_until < now()`.execute(database.kysely)
  return numAffectedRows === 1n
}

/** Gives a claim back, and says what the bundle is now, if it is another one. */
export async function releaseArchive(
  database: Database<JournalTables>,
  id: string,
  bundle?: { sha256: string; bytes: number },
): Promise<void> {
  const now = bundle && sql`, sha256 = decode(${bundle.sha256}, 'hex'), bytes = ${bundle.bytes}`
  await sql`update journal.archives set claimed_until = '-infinity' ${now ?? sql``} where id = ${id}`.execute(
    database.kysely,
  )
}

/** Archives of these streams; a bundle holds its stream from the first event on. */
export async function findArchivesOf(
  database: Database<JournalTables>,
  tenant: string,
  streams: readonly string[],
): Promise<ArchiveRow[]> {
  const { rows } = await sql<ArchiveRow>`
    select ${COLUMNS} from journal.archives where tenant = ${tenant} and stream = any(${streams}::text[])
    order by id`.execute(database.kysely)
  return rows
}

/** Archives that were begun and not finished, by nobody who is still at it. */
export async function findUnfinished(database: Database<JournalTables>): Promise<EndedStream[]> {
  const { rows } = await sql<EndedStream>`
    select ${COLUMNS} from journal.archives where archived_at is null and claimed_until < now() order by id`.execute(
    database.kysely,
  )
  return rows
}

/** Takes the payloads that the record says are in a bundle. False: an erasure came in between, see the function. */
export async function archivePayloads(
  database: Database<JournalTables>,
  record: number,
  payloads: number,
): Promise<boolean> {
  return database.transaction(async (trx) => {
    const { rows } = await sql<{ done: boolean }>`
      select journal.archive_payloads(${record}::bigint, ${payloads}::bigint) as done`.execute(trx)
    return rows[0]?.done === true
  })
}

/** A tenant's archives, newest first. */
export async function listArchives(
  database: Database<JournalTables>,
  tenant: string,
  page: { before?: string | undefined; limit: number },
): Promise<ArchiveRow[]> {
  const beyond = page.before === undefined ? sql`` : sql`and id < ${page.before}`
  const { rows } = await database.asTenant(tenant, (trx) =>
    sql<ArchiveRow>`
      select ${COLUMNS} from journal.archives where tenant = ${tenant} ${beyond} order by id desc limit ${page.limit}`.execute(
      trx,
    ),
  )
  return rows
}
