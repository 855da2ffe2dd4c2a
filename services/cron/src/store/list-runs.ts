import { type Page, readPage } from '@daybook/eventing'
import type { CronRun } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'

/** Where a page of runs ended. */
export interface RunsCursor {
  decidedSeq: number
  run: string
}

export interface RunsQuery extends JobKey {
  state?: CronRun['state']
  limit: number
  before?: RunsCursor
}

interface RunRow {
  document: CronRun
}

/** Runs of a job, those first that were decided last. */
export async function listRuns(
  executor: QueryExecutorProvider,
  { tenant, job, state, limit, before }: RunsQuery,
): Promise<Page<RunRow>> {
  const conditions = [sql`tenant = ${tenant} and job = ${job}`]
  if (state !== undefined) conditions.push(sql`state = ${state}`)
  // Said in so many words, it lets the planner use the index of what did not succeed.
  if (state !== undefined && state !== 'succeeded') conditions.push(sql`state <> 'succeeded'`)
  if (before !== undefined)
    conditions.push(sql`(decided_seq, run) < (${before.decidedSeq}::bigint, ${before.run})`)
  return readPage<RunRow>(executor, {
    select: sql`select document, bytes, decided_seq, run from runs where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`decided_seq desc, run desc`,
    limit,
  })
}

/** The run, or undefined if there is none. */
export async function findRun(
  executor: QueryExecutorProvider,
  { tenant, job, run }: JobKey & { run: string },
): Promise<CronRun | undefined> {
  const { rows } = await sql<RunRow>`
    select document from runs where tenant = ${tenant} and job = ${job} and run = ${run}`.execute(executor)
  return rows[0]?.document
}
