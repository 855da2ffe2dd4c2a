import { type QueryExecutorProvider, sql } from 'kysely'

/** Of all tenants, in the generation that runs. */
export interface StateCount {
  state: string
  count: number
}

/** An index knows the states, so no document is read. */
export async function countJobs(executor: QueryExecutorProvider): Promise<StateCount[]> {
  const { rows } = await sql<StateCount>`
    select state, count(*)::integer as count from cron.jobs group by state`.execute(executor)
  return rows
}

/** Of runs that have not ended. */
export async function countOpenRuns(executor: QueryExecutorProvider): Promise<StateCount[]> {
  const { rows } = await sql<StateCount>`
    select state, count(*)::integer as count from cron.runs where ended_seq is null group by state`.execute(
    executor,
  )
  return rows
}

/** For how long something has been due, at `now`; 0 where nothing is. */
export async function findOverdueSeconds(executor: QueryExecutorProvider, now: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select greatest(0, extract(epoch from ${now}::timestamptz - min(due_at)))::double precision as seconds
    from cron.jobs where due_at is not null`.execute(executor)
  return rows[0]?.seconds ?? 0
}
