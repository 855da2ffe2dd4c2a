import { type QueryExecutorProvider, sql } from 'kysely'

/** Empties the read model of runs, before it is built again from the journal. */
export async function resetRuns(executor: QueryExecutorProvider): Promise<void> {
  await sql`truncate runs, effects`.execute(executor)
}
