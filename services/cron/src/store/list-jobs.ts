import { type Page, readPage } from '@daybook/eventing'
import type { CronJob } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'
import type { ShownState } from '../jobs/times.ts'
import { instantText } from './instant-text.ts'

/** A row as it is read for a person. */
export interface JobRow {
  state: ShownState
  dueAt: string | null
  nextAt: string | null
  document: CronJob
}

export interface JobsQuery {
  tenant: string
  /** All but deleted ones, unless told. */
  state?: ShownState
  /** The name behind which the page begins. */
  after?: string
  limit: number
}

/** Its `bytes` are what a page counts. */
const columns = sql`job, state, document, bytes, ${instantText('due_at')} as "dueAt", ${instantText('next_at')} as "nextAt"`

/** Jobs in the order of their names. */
export async function listJobs(
  executor: QueryExecutorProvider,
  { tenant, state, after, limit }: JobsQuery,
): Promise<Page<JobRow>> {
  const conditions = [sql`tenant = ${tenant}`]
  conditions.push(state === undefined ? sql`phase <> 'deleted'` : sql`state = ${state}`)
  if (after !== undefined) conditions.push(sql`job > ${after}`)
  return readPage<JobRow>(executor, {
    select: sql`select ${columns} from jobs where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`job`,
    limit,
  })
}

/** The job, deleted or not; undefined if there is none. */
export async function findJob(
  executor: QueryExecutorProvider,
  { tenant, job }: JobKey,
): Promise<JobRow | undefined> {
  const { rows } = await sql<JobRow>`
    select ${columns} from jobs where tenant = ${tenant} and job = ${job}`.execute(executor)
  return rows[0]
}
