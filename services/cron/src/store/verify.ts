import type { CronJob, CronRun } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'
import { instantText } from './instant-text.ts'

/** The columns of a row that repeat parts of its document, or that are counted. */
type StoredColumns = Readonly<Record<string, string | number | null>>

/** A row of `jobs`. */
export interface StoredJob {
  job: string
  tzdata: string
  columns: StoredColumns
  document: CronJob
}

/** A row of `runs`. */
export interface StoredRun {
  run: string
  columns: StoredColumns
  document: CronRun
}

/** Jobs in the order of their names, from behind one of them on; with how many of their runs have ended, counted anew. */
export async function listStoredJobs(
  executor: QueryExecutorProvider,
  { tenant, after, limit }: { tenant: string; after: string; limit: number },
): Promise<(StoredJob & { endedRuns: number })[]> {
  const { rows } = await sql<StoredJob & { endedRuns: number }>`
    select job, tzdata, document, json_build_object(
      'phase', phase, 'state', state, 'seq', seq, 'lastEventId', last_event_id, 'dueAt', ${instantText('due_at')},
      'nextAt', ${instantText('next_at')}, 'openRuns', open_runs, 'endedRuns', ended_runs, 'keepRuns', keep_runs,
      'keepDays', keep_days, 'createdAt', ${instantText('created_at')}, 'updatedAt', ${instantText('updated_at')}
      ) as columns,
      (select count(*)::integer from runs
        where (runs.tenant, runs.job) = (jobs.tenant, jobs.job) and ended_seq is not null) as "endedRuns"
    from jobs where tenant = ${tenant} and job > ${after} order by job limit ${limit}`.execute(executor)
  return rows
}

/** Runs of a job in the order of their names, from behind one of them on. */
export async function listStoredRuns(
  executor: QueryExecutorProvider,
  { tenant, job, after, limit }: JobKey & { after: string; limit: number },
): Promise<StoredRun[]> {
  const { rows } = await sql<StoredRun>`
    select run, document, json_build_object(
      'state', state, 'slot', ${instantText('slot')}, 'cause', cause, 'action', action,
      'decidedAt', ${instantText('decided_at')}, 'decidedSeq', decided_seq, 'endedAt', ${instantText('ended_at')},
      'endedSeq', ended_seq, 'target', target, 'claimAt', ${instantText('claim_at')}) as columns
    from runs where tenant = ${tenant} and job = ${job} and run > ${after} order by run limit ${limit}`.execute(
    executor,
  )
  return rows
}

/** A run whose job has no row. */
export async function findStrayRun(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<{ job: string; run: string } | undefined> {
  const { rows } = await sql<{ job: string; run: string }>`
    select job, run from runs
    where tenant = ${tenant}
      and not exists (select from jobs where (jobs.tenant, jobs.job) = (runs.tenant, runs.job))
    limit 1`.execute(executor)
  return rows[0]
}
