import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** How far the journal has been published. */
export interface RelayCursor {
  position: number
  /** JetStream's number for the message of that position. Only ever compared with the stream itself. */
  streamSeq: number
}

/** The right to publish, until another instance takes it over. */
export interface RelayLease {
  epoch: number
  era: number
  cursor: RelayCursor
}

const NAME = 'events'

/** Takes the lease if it is free, run out, or already ours. Undefined: another instance holds it. */
export async function takeLease(
  database: Database<JournalTables>,
  owner: string,
  leaseMs: number,
): Promise<RelayLease | undefined> {
  const { rows } = await sql<{
    epoch: number
    position: number
    stream_seq: number
    era: number
    head: number
  }>`
    update journal.relay r
    set epoch = r.epoch + 1, owner = ${owner}, until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from journal.head h
    where r.name = ${NAME} and (r.until < clock_timestamp() or r.owner = ${owner})
    returning r.epoch, r.position, r.stream_seq, h.era`.execute(database.kysely)
  const row = rows[0]
  if (row === undefined) return undefined
  const { epoch, era } = row
  return { epoch, era, cursor: { position: row.position, streamSeq: row.stream_seq } }
}

/** Moves the cursor and renews the lease. False: the lease has gone to another epoch, and nothing was changed. */
export async function saveCursor(
  database: Database<JournalTables>,
  lease: RelayLease,
  leaseMs: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update journal.relay
    set position = ${lease.cursor.position}, stream_seq = ${lease.cursor.streamSeq},
        until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where name = ${NAME} and epoch = ${lease.epoch}`.execute(database.kysely)
  return numAffectedRows === 1n
}

/** Gives the lease back, so that another instance need not wait for it to run out. */
export async function releaseLease(database: Database<JournalTables>, epoch: number): Promise<void> {
  await sql`update journal.relay set until = '-infinity' where name = ${NAME} and epoch = ${epoch}`.execute(
    database.kysely,
  )
}

/** The last position at or before `position` that holds an event of `kind`; 0 where there is none. */
export async function findLastOfKind(
  database: Database<JournalTables>,
  kind: string,
  position: number,
): Promise<number> {
  const { rows } = await sql<{ position: number | null }>`
    select max(position) as position from journal.events where kind = ${kind} and position <= ${position}`.execute(
    database.kysely,
  )
  return rows[0]?.position ?? 0
}

/** The hash (hex) of the event at a position; undefined where there is none. */
export async function findHashAt(
  database: Database<JournalTables>,
  position: number,
): Promise<string | undefined> {
  const { rows } = await sql<{ hash: string }>`
    select encode(hash, 'hex') as hash from journal.events where position = ${position}`.execute(
    database.kysely,
  )
  return rows[0]?.hash
}
