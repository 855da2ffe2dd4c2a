import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** The largest checkpoint that an anchor has taken. */
export interface Anchoring {
  readonly size: number
  readonly anchoredAt: Date
}

export async function findLastAnchoring(
  database: Database<JournalTables>,
  anchor: string,
): Promise<Anchoring | undefined> {
  const { rows } = await sql<Anchoring>`
    select tree_size as size, anchored_at as "anchoredAt" from journal.anchorings
    where anchor = ${anchor} order by tree_size desc limit 1`.execute(database.kysely)
  return rows[0]
}

/** Remembers that an anchor has a checkpoint. Another sealer may have taken it there as well. */
export async function keepAnchoring(
  database: Database<JournalTables>,
  { anchor, size, place }: { anchor: string; size: number; place: string },
): Promise<void> {
  await database.kysely
    .insertInto('journal.anchorings')
    .values({ anchor, tree_size: size, place })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
