import type { Database } from '@daybook/database'
import { textRows } from '@daybook/eventing'
import { type RawBuilder, sql } from 'kysely'
import type { JobKey } from '../jobs/job-states.ts'

/** A job that is due at an instant, by its state after the event `seq`. */
export interface DueJob extends JobKey {
  readonly dueAt: string
  readonly seq: number
}

export interface PickQuery {
  /** Who picks. */
  readonly instance: string
  readonly now: string
  /** What is due up to then is picked. */
  readonly horizon: string
  readonly limit: number
  /** What is known besides the read model, which may be behind. */
  readonly known: readonly DueJob[]
}

/** A dead instance's jobs are this late. Those that live have decided by then, unless the journal is away. */
export const PICK_MS = 2_000

const instant = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * Picks the jobs that are due first and that nobody else has picked. What this instance has picked is answered again only
 * when it is due at another time meanwhile, and when its pick is over. Two instances never pick one job at a time: the
 * second one waits for the first one's statement, and then finds its row.
 */
export async function pickDueJobs<DB>(database: Database<DB>, query: PickQuery): Promise<DueJob[]> {
  const { instance, now, horizon, limit, known } = query
  const free = sql`
    left join cron.picks pick on (pick.tenant, pick.job) = (due.tenant, due.job)
    where due.due_at <= ${horizon}::timestamptz and (pick.job is null or pick.until <= ${now}::timestamptz
      or (pick.picked_by = ${instance} and pick.due_at <> due.due_at))`
  const { rows } = await sql<DueJob>`
    with found as (
      (select due.tenant, due.job, due.due_at, due.seq from cron.jobs due ${free}
      order by due.due_at, due.tenant, due.job limit ${limit})
      union all
      select due.* from (${knownRows(known)}) due ${free}
    ), newest as (
      select distinct on (tenant, job) * from found order by tenant, job, seq desc
    ), picked as (
      insert into cron.picks as pick (tenant, job, due_at, picked_by, until)
      select tenant, job, due_at, ${instance},
        greatest(due_at, ${now}::timestamptz) + ${PICK_MS}::integer * interval '1 millisecond'
      from newest order by tenant, job
      on conflict (tenant, job) do update
        set due_at = excluded.due_at, picked_by = excluded.picked_by, until = excluded.until
        where pick.until <= ${now}::timestamptz or pick.picked_by = ${instance}
      returning tenant, job
    )
    select newest.tenant, newest.job, ${instant(sql.ref('newest.due_at'))} as "dueAt", newest.seq
    from newest join picked using (tenant, job)
    order by newest.due_at`.execute(database.kysely)
  return rows
}

function knownRows(known: readonly DueJob[]): RawBuilder<unknown> {
  return sql`
    select tenant, job, due_at::timestamptz as due_at, seq::bigint as seq
    from ${textRows(
      known.map(({ tenant }) => tenant),
      known.map(({ job }) => job),
      known.map(({ dueAt }) => dueAt),
      known.map(({ seq }) => String(seq)),
    )} as known (tenant, job, due_at, seq)`
}

/** When there may be something to pick that is not there yet; undefined for never, as far as the read model knows. */
export async function nextPickAt<DB>(
  database: Database<DB>,
  { instance, now, horizon }: Pick<PickQuery, 'instance' | 'now' | 'horizon'>,
): Promise<{ dueAt: string | undefined; freeAt: string | undefined }> {
  const { rows } = await sql<{ dueAt: string | null; freeAt: string | null }>`
    select
      ${instant(sql`(select min(due_at) from cron.jobs where due_at > ${horizon}::timestamptz)`)} as "dueAt",
      -- What others have picked and may not live to decide.
      ${instant(sql`(
        select min(pick.until) from cron.jobs job join cron.picks pick using (tenant, job)
        where job.due_at <= ${horizon}::timestamptz and pick.until > ${now}::timestamptz
          and pick.picked_by <> ${instance})`)} as "freeAt"`.execute(database.kysely)
  const [row] = rows
  return { dueAt: row?.dueAt ?? undefined, freeAt: row?.freeAt ?? undefined }
}

/** Gives back what an instance has picked, so that the others need not wait until it is over. */
export async function dropPicks<DB>(database: Database<DB>, instance: string): Promise<void> {
  await sql`delete from cron.picks where picked_by = ${instance}`.execute(database.kysely)
}
