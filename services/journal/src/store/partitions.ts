import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/**
 * Positions in one leaf of `journal.events`. At ordinary sizes some 700 MB with its indexes: what is written at random
 * places of them stays in memory, and 100 leaves are 100 million events.
 */
export const LEAF_POSITIONS = 1_000_000

/** Makes the leaves that are needed soon, and answers up to which position there are any. At least one whole leaf ahead. */
export async function ensurePartitions(
  database: Database<JournalTables>,
  leafPositions: number,
): Promise<number> {
  const { rows } = await sql<{ last: number }>`
    select journal.ensure_partitions(${leafPositions}) as last`.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('journal.ensure_partitions answered nothing')
  return row.last
}
