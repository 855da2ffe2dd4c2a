import { textRows } from '@daybook/eventing'
import { type CronJob, type JobDefinition, KEPT_BY_DEFAULT } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { type JobKey, type JobState, jobKey } from '../jobs/job-states.ts'
import { type Timetable, timesOf } from '../jobs/times.ts'
import type { EndedRuns } from './runs.ts'

interface JobRow {
  tenant: string
  document: CronJob
  seq: number
  last_event_id: string
}

/** The stored ones of these jobs. */
export async function loadJobs(
  executor: QueryExecutorProvider,
  keys: readonly JobKey[],
): Promise<Map<string, JobState>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<JobRow>`
    select job.* from ${textRows(
      keys.map(({ tenant }) => tenant),
      keys.map(({ job }) => job),
    )} as wanted (tenant, job)
    cross join lateral (
      select tenant, document, seq, last_event_id from jobs
      where (jobs.tenant, jobs.job) = (wanted.tenant, wanted.job)
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole table
    ) job`.execute(executor)
  return new Map(
    rows.map(({ tenant, document, seq, last_event_id: lastEventId }) => {
      const { name: job } = document
      return [jobKey(tenant, job), { tenant, job, document, seq, lastEventId }]
    }),
  )
}

/** What a job keeps of its runs; what is usual, where it says so no longer. */
export function keptBy({ definition }: CronJob): Pick<JobDefinition, 'keepRuns' | 'keepDays'> {
  const { keepRuns, keepDays } = definition ?? KEPT_BY_DEFAULT
  return { keepRuns, keepDays }
}

/** Writes jobs, new or not, in one statement. `ended` are the changes of how many of their runs have. */
export async function saveJobs(
  executor: QueryExecutorProvider,
  states: readonly JobState[],
  { timetable: { slotsOf, tzdata }, ended }: { timetable: Timetable; ended: EndedRuns },
): Promise<void> {
  if (states.length === 0) return
  const documents = states.map(({ document }) => document)
  const times = documents.map((document) => timesOf(document, slotsOf))
  const kept = documents.map(keptBy)
  await sql`
    insert into jobs as stored (tenant, job, phase, seq, last_event_id, due_at, next_at, tzdata, open_runs, ended_runs,
      keep_runs, keep_days, created_at, updated_at, bytes, document)
    select tenant, job, phase, seq::bigint, last_event_id, due_at::timestamptz, next_at::timestamptz, ${tzdata},
      open_runs::integer, ended_by::integer, keep_runs::integer, keep_days::integer, created_at::timestamptz,
      updated_at::timestamptz, octet_length(document), document::jsonb
    from ${textRows(
      states.map(({ tenant }) => tenant),
      states.map(({ job }) => job),
      documents.map(({ phase }) => phase),
      states.map(({ seq }) => String(seq)),
      states.map(({ lastEventId }) => lastEventId),
      times.map(({ dueAt }) => dueAt ?? ''),
      times.map(({ nextAt }) => nextAt ?? ''),
      documents.map(({ runs }) => String(runs.length)),
      states.map(({ tenant, job }) => String(ended.get(jobKey(tenant, job)) ?? 0)),
      kept.map(({ keepRuns }) => String(keepRuns)),
      kept.map(({ keepDays }) => String(keepDays)),
      documents.map(({ createdAt }) => createdAt),
      documents.map(({ updatedAt }) => updatedAt),
      documents.map((document) => JSON.stringify(document)),
    )} as item (tenant, job, phase, seq, last_event_id, due_at, next_at, open_runs, ended_by, keep_runs, keep_days,
      created_at, updated_at, document)
    on conflict (tenant, job) do update set
      phase = excluded.phase, seq = excluded.seq, last_event_id = excluded.last_event_id, due_at = excluded.due_at,
      next_at = excluded.next_at, tzdata = excluded.tzdata, open_runs = excluded.open_runs,
      ended_runs = stored.ended_runs + excluded.ended_runs, keep_runs = excluded.keep_runs,
      keep_days = excluded.keep_days, created_at = excluded.created_at, updated_at = excluded.updated_at,
      bytes = excluded.bytes, document = excluded.document`.execute(executor)
}

/** Empties the tables of the read model. */
export async function resetJobs(trx: QueryExecutorProvider): Promise<void> {
  await sql`truncate jobs, runs`.execute(trx)
}
