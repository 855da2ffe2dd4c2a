import type { Database } from '@daybook/database'
import { sql, type Transaction } from 'kysely'
import type { CheckpointOwner } from './checkpoint.ts'
import { generationStore } from './generation.ts'

/** Whose tables. */
export interface TablesOwner<DB> extends CheckpointOwner {
  readonly database: Database<DB>
}

/**
 * Changes the tables of the generation that runs apart from events, those of all tenants, as the service itself. No event is
 * applied meanwhile and no other generation switched in: the checkpoints are locked, so `work` should take no longer than a
 * batch does. It may run again after a conflict. Undefined where the generation that runs is of another version of the
 * code, or was replaced just now, or has not begun.
 */
export function changeRunning<DB, T>(
  owner: TablesOwner<DB>,
  work: (trx: Transaction<DB>) => Promise<T>,
): Promise<T | undefined> {
  return owner.database.transaction(async (trx) => {
    const { version } = await generationStore(owner).enterRunning(trx)
    if (version !== owner.version) return undefined
    // A switch takes the rows away before it lets go of them.
    const { rows } = await sql`select from checkpoints for update`.execute(trx)
    return rows.length === 0 ? undefined : work(trx)
  })
}
