import type { Database } from '@daybook/database'
import type { JsonObject } from '@daybook/errors'
import { textRows } from '@daybook/eventing'
import type { CronRun, JobDefinition } from '@daybook/events'
import { type RawBuilder, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'

/** A run whose message may not have gone out. */
export interface UnpublishedRun extends JobKey {
  readonly run: CronRun
  readonly definition: JobDefinition
}

/** The attempt of a run that waits for another run, and where that one is. */
export interface StartedRun extends JobKey {
  readonly run: string
  readonly attempt: number
  readonly target: string
}

/** How a run came to its end. */
export interface RunEnd {
  readonly tenant: string
  readonly stream: string
  readonly type: string
  readonly data: JsonObject
}

/** Behind which place of the index a page begins. */
type After<Place> = Place | undefined

/** Of messages: those that were to go out before that instant, in the order of tenants, jobs and runs. */
export async function readUnpublished<DB>(
  { kysely }: Database<DB>,
  { before, after, limit }: { before: string; after: After<UnpublishedRun>; limit: number },
): Promise<UnpublishedRun[]> {
  const place =
    after && sql`and (run.tenant, run.job, run.run) > (${after.tenant}, ${after.job}, ${after.run.run})`
  const { rows } = await sql<UnpublishedRun>`
    select run.tenant, run.job, run.document as run, job.document -> 'definition' as definition
    from cron.runs run join cron.jobs job using (tenant, job)
    where run.state = 'active' and run.action = 'publish' and run.decided_at < ${before}::timestamptz
      ${place ?? sql``}
    order by run.tenant, run.job, run.run limit ${limit}`.execute(kysely)
  return rows
}

/** Those of whose runs it is not known that they have ended. */
export async function readStartedRuns<DB>(
  { kysely }: Database<DB>,
  { after, limit }: { after: After<StartedRun>; limit: number },
): Promise<StartedRun[]> {
  const place = after && sql`and (tenant, target) > (${after.tenant}, ${after.target})`
  const { rows } = await sql<StartedRun>`
    select tenant, job, run, (document ->> 'attempt')::integer as attempt, target from cron.runs
    where state = 'active' and target is not null ${place ?? sql``}
    order by tenant, target limit ${limit}`.execute(kysely)
  return rows
}

/** Of these streams those in which a run has ended, and how: what the journal says. */
export async function readRunEnds<DB>(
  { kysely }: Database<DB>,
  streams: readonly { readonly tenant: string; readonly stream: string }[],
): Promise<RunEnd[]> {
  if (streams.length === 0) return []
  const wanted = textRows(
    streams.map(({ tenant }) => tenant),
    streams.map(({ stream }) => stream),
  )
  const { rows } = await sql<Omit<RunEnd, 'data'> & { data: string | null }>`
    select ended.* from ${wanted} as wanted (tenant, stream)
    cross join lateral (
      select event.tenant, event.stream, event.type, event.data
      from journal.streams stream join journal.events event
        on event.position between stream.first_position and stream.last_position
        and event.tenant = stream.tenant and event.stream = stream.stream
      where (stream.tenant, stream.stream) = (wanted.tenant, wanted.stream) and ${isEnd}
      order by event.seq limit 1 -- whatever is said of a run after its end changes nothing about that
    ) ended`.execute(kysely)
  return rows.map(({ data, ...end }) => ({ ...end, data: data === null ? {} : JSON.parse(data) }))
}

const isEnd: RawBuilder<boolean> = sql`event.type in ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED')`
