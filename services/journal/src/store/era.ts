import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** More than the lease has changed hands since any backup: a relay that was left running must not find its epoch again. */
const EPOCHS_SKIPPED = 1_000_000

/**
 * Raises the era of the journal over `seen` and takes the relay's lease and cursor back, in one transaction. The row of
 * the head is locked first, as by appends: each append is wholly before the new era or wholly in it.
 */
export async function raiseEra(
  database: Database<JournalTables>,
  seen: number,
): Promise<{ era: number; position: number }> {
  return database.transaction(async (trx) => {
    const { rows } = await sql<{ era: number; position: number }>`
      update journal.head set era = greatest(era, ${seen}::integer) + 1 returning era, position`.execute(trx)
    const [head] = rows
    if (head === undefined) throw new Error('journal.head has no row')
    await sql`
      update journal.relay set epoch = epoch + ${EPOCHS_SKIPPED}::bigint, owner = '', until = '-infinity',
        position = 0, stream_seq = 0`.execute(trx)
    return head
  })
}
