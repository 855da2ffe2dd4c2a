import type { RunStatus, RunSummary } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { nameOf, type RunKey, type RunStates } from '../run-states.ts'
import { documentsOf } from './documents.ts'
import { type Page, readPage } from './page.ts'

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

/** Where a page of runs ended. */
export interface RunsCursor {
  createdAt: string
  runId: string
}

export interface RunsQuery {
  tenant: string
  status?: RunStatus
  processId?: string
  sessionId?: string
  limit: number
  before?: RunsCursor
}

/** The first condition is for the index, which holds the beginning of the name only. */
function longNameIs(column: RawBuilder<unknown>, name: string): RawBuilder<unknown> {
  return sql`left(${column}, 200) = left(${name}, 200) and ${column} = ${name}`
}

/** Runs, newest first. */
export async function listRuns(executor: QueryExecutorProvider, query: RunsQuery): Promise<Page<RunRow>> {
  const conditions = [sql`tenant = ${query.tenant}`]
  if (query.status !== undefined) conditions.push(sql`status = ${query.status}`)
  if (query.processId !== undefined) conditions.push(longNameIs(sql`process_id`, query.processId))
  if (query.sessionId !== undefined) conditions.push(longNameIs(sql`session_id`, query.sessionId))
  if (query.before !== undefined) {
    const { createdAt, runId } = query.before
    conditions.push(sql`(created_at, run_id) < (${createdAt}::timestamptz, ${runId})`)
  }
  return readPage<RunRow>(executor, {
    select: sql`select * from runs where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`created_at desc, run_id desc`,
    limit: query.limit,
  })
}
