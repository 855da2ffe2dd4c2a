import type { Database } from '@daybook/database'
import { sql } from 'kysely'

/**
 * Runs statements as who owns the whole server does: no trigger hears of it. This is the one that verification is for;
 * everybody else is stopped by the database.
 */
export async function alter<DB>(database: Database<DB>, ...statements: string[]): Promise<void> {
  await database.kysely.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    for (const statement of statements) await sql.raw(statement).execute(trx)
  })
}
