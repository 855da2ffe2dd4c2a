import { documentsOf } from '@daybook/eventing'
import type { RunSummary } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { nameOf, type RunKey, type RunStates } from '../run-states.ts'

/** A run with its key, by which pages go on. */
export interface RunRow {
  tenant: string
  run_id: string
  document: RunSummary
}

/** The stored ones of these runs. */
export async function loadRuns(
  executor: QueryExecutorProvider,
  keys: readonly RunKey[],
): Promise<RunStates['runs']> {
  const { rows } = await sql<RunRow>`
    select run.* from unnest(
      ${keys.map(({ tenant }) => tenant)}::text[], ${keys.map(({ runId }) => runId)}::text[]
    ) as wanted (tenant, run_id)
    cross join lateral (
      select tenant, run_id, document from runs run
      where (run.tenant, run.run_id) = (wanted.tenant, wanted.run_id)
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole table
    ) run`.execute(executor)
  const runs = rows.map(({ tenant, run_id: runId, document: run }) => ({ tenant, runId, run }))
  return new Map(runs.map((run) => [nameOf({ tenant: run.tenant, runId: run.runId }), run]))
}

/** Writes runs, new or not, in one statement. */
export async function saveRuns(
  executor: QueryExecutorProvider,
  runs: readonly (RunKey & { run: RunSummary })[],
): Promise<void> {
  if (runs.length === 0) return
  await sql`
    insert into runs (tenant, run_id, status, process_id, session_id, created_at, bytes, document)
    select tenant, document->>'runId', document->>'status', document->>'processId', document->>'sessionId',
      (document->>'createdAt')::timestamptz, bytes, document
    from ${documentsOf(runs, ({ tenant, run }) => [tenant, run])}
    on conflict (tenant, run_id) do update set
      status = excluded.status, process_id = excluded.process_id, session_id = excluded.session_id,
      created_at = excluded.created_at, bytes = excluded.bytes, document = excluded.document`.execute(
    executor,
  )
}

/** The run, or undefined if there is none. */
export async function findRun(
  executor: QueryExecutorProvider,
  { tenant, runId }: RunKey,
): Promise<RunSummary | undefined> {
  const { rows } = await sql<{ document: RunSummary }>`
    select document from runs where tenant = ${tenant} and run_id = ${runId}`.execute(executor)
  return rows[0]?.document
}
