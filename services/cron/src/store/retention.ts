import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'

/** What a step of clearing away did. */
interface Removed {
  readonly removed: number
}

/** Whether there are jobs with more ended runs than they keep, in the generation that runs. */
export async function hasTooManyRuns(executor: QueryExecutorProvider): Promise<boolean> {
  const { rows } = await sql`select from cron.jobs where ended_runs > keep_runs limit 1`.execute(executor)
  return rows.length > 0
}

/** Removes runs of jobs that have more than they keep, those first that ended first; `count` at most. */
export function removeSurplusRuns(executor: QueryExecutorProvider, count: number): Promise<Removed> {
  return removeRuns(
    executor,
    sql`
      select oldest.ctid
      from (select tenant, job, ended_runs - keep_runs as surplus from jobs where ended_runs > keep_runs) job
      cross join lateral (
        select ctid from runs where (runs.tenant, runs.job) = (job.tenant, job.job) and ended_seq is not null
        order by ended_seq limit job.surplus
      ) oldest
      limit ${count}`,
  )
}

/**
 * Jobs with runs that ended longer ago than the job keeps them, and jobs that were deleted so long ago, of which nothing
 * runs; in the generation that runs.
 */
export async function listOutdatedJobs(executor: QueryExecutorProvider, now: string): Promise<JobKey[]> {
  const { rows } = await sql<JobKey>`
    select tenant, job from cron.jobs job
    where ended_runs > 0 and exists (
      select from (
        select ended_at from cron.runs where (runs.tenant, runs.job) = (job.tenant, job.job) and ended_seq is not null
        order by ended_seq limit 1
      ) oldest where ${isOutdated(sql`oldest.ended_at`, now)})
    union
    select tenant, job from cron.jobs job
    where phase = 'deleted' and open_runs = 0 and ${isOutdated(sql`updated_at`, now)}`.execute(executor)
  return rows
}

/** Removes runs of a job that ended longer ago than it keeps them, `count` at most. */
export function removeOutdatedRuns(
  executor: QueryExecutorProvider,
  { tenant, job }: JobKey,
  { now, count }: { now: string; count: number },
): Promise<Removed> {
  return removeRuns(
    executor,
    sql`
      select runs.ctid
      from runs join jobs job on (job.tenant, job.job) = (runs.tenant, runs.job)
      where runs.tenant = ${tenant} and runs.job = ${job} and ended_seq is not null
        and ${isOutdated(sql`ended_at`, now)}
      order by ended_seq limit ${count}`,
  )
}

/** Removes a job that was deleted longer ago than it keeps runs, once it has none. Its events stay. */
export async function removeDeletedJob(
  executor: QueryExecutorProvider,
  { tenant, job }: JobKey,
  now: string,
): Promise<void> {
  await sql`
    delete from jobs job
    where tenant = ${tenant} and job = ${job} and phase = 'deleted' and open_runs = 0 and ended_runs = 0
      and ${isOutdated(sql`updated_at`, now)}`.execute(executor)
}

function isOutdated(instant: RawBuilder<unknown>, now: string): RawBuilder<unknown> {
  return sql`${instant} < ${now}::timestamptz - make_interval(days => job.keep_days)`
}

/**
 * Removes the runs that `which` selects, and counts them off. By where they are in the table: they are not looked for once
 * more, nobody else writes there meanwhile, and no plan of any size of table reads all of it.
 */
async function removeRuns(executor: QueryExecutorProvider, which: RawBuilder<unknown>): Promise<Removed> {
  const { rows } = await sql<Removed>`
    with gone as (
      delete from runs where ctid = any(array(${which})) returning tenant, job
    ), counted as (
      select tenant, job, count(*)::integer as count from gone group by tenant, job
    ), told as (
      update jobs set ended_runs = ended_runs - counted.count
      from counted where (jobs.tenant, jobs.job) = (counted.tenant, counted.job)
    )
    select coalesce(sum(count), 0)::integer as removed from counted`.execute(executor)
  return rows[0] ?? { removed: 0 }
}
