import type { Database } from '@daybook/database'
import { type Projection, type StateAt, textRows } from '@daybook/eventing'
import type { CronJob } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { type JobKey, jobKey } from './jobs/job-states.ts'

/** Where deciding about a job begins. `hash` is known: it is that of the event `seq`. */
export type RecalledJob = Required<StateAt<CronJob>>

interface RecalledRow {
  tenant: string
  document: CronJob
  seq: number
  hash: string
}

/**
 * A job as the read model has it; undefined where it has none, or where its last event is not that of the journal: what
 * was made before the journal was restored is of another journal.
 */
export async function recallJob<DB>(
  projection: Projection<DB>,
  { tenant, job }: JobKey,
): Promise<RecalledJob | undefined> {
  const { value } = await projection.read(tenant, (trx) => recall(trx, sql.table('jobs'), [{ tenant, job }]))
  return value.get(jobKey(tenant, job))
}

/** The same of many jobs, of whatever tenants, in one statement; by `jobKey`. For the service itself. */
export function recallJobs<DB>(
  { kysely }: Pick<Database<DB>, 'kysely'>,
  keys: readonly JobKey[],
): Promise<Map<string, RecalledJob>> {
  return recall(kysely, sql.table('cron.jobs'), keys)
}

/** Each is looked up by itself, and its event in the one leaf of the journal that can have it. */
async function recall(
  executor: QueryExecutorProvider,
  jobs: RawBuilder<unknown>,
  keys: readonly JobKey[],
): Promise<Map<string, RecalledJob>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<RecalledRow>`
    select recalled.* from ${textRows(
      keys.map(({ tenant }) => tenant),
      keys.map(({ job }) => job),
    )} as wanted (tenant, job)
    cross join lateral (
      select job.tenant, job.document, job.seq, encode(last.hash, 'hex') as hash
      from ${jobs} job
      join journal.streams stream on stream.tenant = job.tenant and stream.stream = 'cron/' || job.job
      join journal.events last
        on last.position between stream.first_position and stream.last_position
        and last.tenant = job.tenant and last.stream = stream.stream and last.seq = job.seq
        and last.id = job.last_event_id
      where (job.tenant, job.job) = (wanted.tenant, wanted.job)
      limit 1
    ) recalled`.execute(executor)
  return new Map(
    rows.map(({ tenant, document, seq, hash }) => [
      jobKey(tenant, document.name),
      { state: document, seq, hash },
    ]),
  )
}
