import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** Where the journal stands, whichever instance asks. */
export interface Vitals {
  head: number
  /** Published up to here, as the relay saved it: idle at once, under load once a second. */
  relayed: number
  /** The last position for which there is a leaf. */
  room: number
}

/** One statement over single rows: cheap enough for every scrape. */
export async function readVitals(database: Database<JournalTables>): Promise<Vitals> {
  const { rows } = await sql<Vitals>`
    select h.position as head,
      (select r.position from journal.relay r where r.name = 'events') as relayed,
      (select max(p.last_position) from journal.partitions p) as room
    from journal.head h`.execute(database.kysely)
  const [vitals] = rows
  if (vitals === undefined) throw new Error('journal.head has no row')
  return vitals
}

/** How many dead letters nobody has looked after, by what refused them. Of all tenants. */
export async function countOpenDeadLetters(
  database: Database<JournalTables>,
): Promise<{ source: string; open: number }[]> {
  const { rows } = await sql<{ source: string; open: number }>`
    select source, count(*) filter (where status = 'open') as open
    from journal.dead_letters group by source`.execute(database.kysely)
  return rows
}
