import type { Clock, Database } from '@daybook/database'
import type { CronJob, CronRun } from '@daybook/events'
import { sql } from 'kysely'
import { instantText } from '../store/instant-text.ts'

/** Whose runs somebody wants to do. */
export interface RunFilter {
  readonly tenant: string
  readonly job?: string | undefined
}

/** A run that a worker can have, as it was after the event `seq` of its job. */
export interface ClaimableRun {
  readonly tenant: string
  readonly job: string
  readonly run: string
  readonly seq: number
  /** ISO 8601: since when; of one whose lease ran out: since that. */
  readonly claimAt: string
  readonly slot?: string | undefined
  readonly cause: CronRun['cause']
  readonly attempt: number
}

interface Row {
  tenant: string
  job: string
  claimAt: string
  document: CronRun
}

export interface ClaimableParts<DB> {
  readonly database: Database<DB>
  readonly clock: Clock
}

/** Which of all that can be had. */
interface ClaimableQuery {
  /** All tenants unless told. */
  readonly filter?: RunFilter
  /** Behind this one, in their order. */
  readonly after?: Pick<ClaimableRun, 'tenant' | 'job' | 'run' | 'claimAt'>
  readonly limit: number
}

/** Runs that workers can have, those first that can be had for longest: one walk down an index. */
export async function listClaimable<DB>(
  { database, clock }: ClaimableParts<DB>,
  { filter, after, limit }: ClaimableQuery,
): Promise<ClaimableRun[]> {
  const conditions = [sql`claim_at <= ${await clock.now()}::timestamptz`]
  if (filter !== undefined) conditions.push(sql`tenant = ${filter.tenant}`)
  if (filter?.job !== undefined) conditions.push(sql`job = ${filter.job}`)
  if (after !== undefined)
    conditions.push(
      sql`(claim_at, tenant, job, run) > (${after.claimAt}::timestamptz, ${after.tenant}, ${after.job}, ${after.run})`,
    )
  const { rows } = await sql<Row>`
    select tenant, job, ${instantText('claim_at')} as "claimAt", document from cron.runs
    where ${sql.join(conditions, sql` and `)} order by claim_at, tenant, job, run limit ${limit}`.execute(
    database.kysely,
  )
  return rows.map(({ document, ...row }) => toClaimable(row, document))
}

/** The runs of a job that a worker can have at once. */
export function claimableOf(tenant: string, job: CronJob | undefined): ClaimableRun[] {
  if (job?.definition?.action.do !== 'deliver') return []
  const free = job.runs.filter(
    ({ state, lease, cancel }) => state === 'active' && lease === undefined && cancel === undefined,
  )
  return free.map((run) =>
    toClaimable({ tenant, job: job.name, claimAt: run.startedAt ?? run.decidedAt }, run),
  )
}

function toClaimable(
  place: Pick<ClaimableRun, 'tenant' | 'job' | 'claimAt'>,
  { run, lastSeq: seq, slot, cause, attempt }: CronRun,
): ClaimableRun {
  return { ...place, run, seq, cause, attempt, ...(slot !== undefined && { slot }) }
}

/** Where repeated claims may have got something before: the runs that a claim has got, by the read model. */
export async function findHeldRuns<DB>(
  database: Database<DB>,
  { tenant, job, worker, claimId }: RunFilter & { worker: string; claimId: string },
): Promise<{ job: string; run: string }[]> {
  const lease = JSON.stringify({ lease: { claimId, worker } })
  const { rows } = await sql<{ job: string; run: string }>`
    select job, run from cron.runs
    where tenant = ${tenant} and claim_at is not null and document @> ${lease}::jsonb
      ${job === undefined ? sql`` : sql`and job = ${job}`} limit ${LEASES_MAX}`.execute(database.kysely)
  return rows
}

/** As many as one claim can get. */
const LEASES_MAX = 100
