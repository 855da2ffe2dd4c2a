import { textRows } from '@daybook/eventing'
import type { CronJob } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'
import { type Timetable, timesOf } from '../jobs/times.ts'

/** Whose times are found anew: those that other time zone data gave, or older ones alone. Versions sort as texts. */
export type Stale = 'other' | 'older'

/** Whether there are such jobs, in the generation that runs. */
export async function hasStaleTimes(
  executor: QueryExecutorProvider,
  { tzdata, stale }: { tzdata: string; stale: Stale },
): Promise<boolean> {
  const { rows } = await sql`select from cron.jobs where ${isStale(tzdata, stale)} limit 1`.execute(executor)
  return rows.length > 0
}

/** Finds the times of such jobs anew, of `count` at most; answers of how many. */
export async function refreshTimes(
  executor: QueryExecutorProvider,
  { slotsOf, tzdata }: Timetable,
  { stale, count }: { stale: Stale; count: number },
): Promise<number> {
  const { rows } = await sql<JobKey & { document: CronJob }>`
    select tenant, job, document from jobs where ${isStale(tzdata, stale)} limit ${count}`.execute(executor)
  if (rows.length === 0) return 0
  const times = rows.map(({ document }) => timesOf(document, slotsOf))
  await sql`
    update jobs set due_at = item.due_at::timestamptz, next_at = item.next_at::timestamptz, tzdata = ${tzdata}
    from ${textRows(
      rows.map(({ tenant }) => tenant),
      rows.map(({ job }) => job),
      times.map(({ dueAt }) => dueAt ?? ''),
      times.map(({ nextAt }) => nextAt ?? ''),
    )} as item (tenant, job, due_at, next_at)
    where (jobs.tenant, jobs.job) = (item.tenant, item.job)`.execute(executor)
  return rows.length
}

function isStale(tzdata: string, stale: Stale) {
  const isOlder = sql`tzdata collate "C" < ${tzdata}`
  return stale === 'older' ? isOlder : sql`(${isOlder} or tzdata collate "C" > ${tzdata})`
}
