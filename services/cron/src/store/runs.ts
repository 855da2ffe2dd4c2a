import { textRows } from '@daybook/eventing'
import type { CronRun } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { type JobKey, jobKey, type RunState } from '../jobs/job-states.ts'
import { claimAtOf } from '../jobs/run-columns.ts'

/** By how much the number of runs that have ended changes, by job. */
export type EndedRuns = ReadonlyMap<string, number>

interface RunRow {
  tenant: string
  job: string
  document: CronRun
  action: Exclude<RunState['action'], undefined> | null
}

/** Runs of a job in the order of their names, from behind one of them on. */
export async function listRunStates(
  executor: QueryExecutorProvider,
  { tenant, job, after, limit }: JobKey & { after: string; limit: number },
): Promise<RunState[]> {
  const { rows } = await sql<RunRow>`
    select tenant, job, document, action from runs
    where tenant = ${tenant} and job = ${job} and run > ${after} order by run limit ${limit}`.execute(
    executor,
  )
  return rows.map(({ action, ...row }) => ({ ...row, action: action ?? undefined }))
}

/**
 * Writes runs, new or not, in one statement. A name may be of an earlier run: of a job that was deleted, whose name was
 * given away again. So it is counted what was there.
 */
export async function saveRuns(
  executor: QueryExecutorProvider,
  states: readonly RunState[],
): Promise<EndedRuns> {
  const ended = new Map<string, number>()
  if (states.length === 0) return ended
  const add = (tenant: string, job: string, by: number): void => {
    ended.set(jobKey(tenant, job), (ended.get(jobKey(tenant, job)) ?? 0) + by)
  }
  for (const { tenant, job, document } of states) add(tenant, job, document.endedSeq === undefined ? 0 : 1)
  for (const { tenant, job, count } of await replaceRuns(executor, states)) add(tenant, job, -count)
  return ended
}

/** Answers how many there were that had ended already. */
async function replaceRuns(
  executor: QueryExecutorProvider,
  states: readonly RunState[],
): Promise<{ tenant: string; job: string; count: number }[]> {
  const documents = states.map(({ document }) => document)
  const { rows } = await sql<{ tenant: string; job: string; count: number }>`
    with item as materialized (
      select * from ${textRows(
        states.map(({ tenant }) => tenant),
        states.map(({ job }) => job),
        documents.map(({ run }) => run),
        documents.map(({ state }) => state),
        documents.map(({ slot }) => slot ?? ''),
        documents.map(({ cause }) => cause),
        states.map(({ action }) => action ?? ''),
        documents.map(({ decidedAt }) => decidedAt),
        documents.map(({ decidedSeq }) => String(decidedSeq)),
        documents.map(({ endedAt }) => endedAt ?? ''),
        documents.map(({ endedSeq }) => String(endedSeq ?? '')),
        documents.map(({ target }) => target ?? ''),
        states.map((state) => claimAtOf(state) ?? ''),
        documents.map((document) => JSON.stringify(document)),
      )} as text (tenant, job, run, state, slot, cause, action, decided_at, decided_seq, ended_at, ended_seq, target,
        claim_at, document)
    ), saved as (
      insert into runs (tenant, job, run, state, slot, cause, action, decided_at, decided_seq, ended_at, ended_seq,
        target, claim_at, bytes, document)
      select tenant, job, run, state, slot::timestamptz, cause, action, decided_at::timestamptz, decided_seq::bigint,
        ended_at::timestamptz, ended_seq::bigint, target, claim_at::timestamptz, octet_length(document), document::jsonb
      from item
      on conflict (tenant, job, run) do update set
        state = excluded.state, slot = excluded.slot, cause = excluded.cause, action = excluded.action,
        decided_at = excluded.decided_at, decided_seq = excluded.decided_seq, ended_at = excluded.ended_at,
        ended_seq = excluded.ended_seq, target = excluded.target, claim_at = excluded.claim_at,
        bytes = excluded.bytes, document = excluded.document
    )
    select item.tenant, item.job, count(*)::integer as count
    from item cross join lateral (
      select from runs
      where (runs.tenant, runs.job, runs.run) = (item.tenant, item.job, item.run) and ended_seq is not null
      limit 1 -- the key is unique; see loadJobs
    ) earlier
    group by item.tenant, item.job`.execute(executor)
  return rows
}
