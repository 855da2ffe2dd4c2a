import { type Page, readPage } from '@daybook/eventing'
import type { RunStatus } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { RunRow } from './runs.ts'

/** What lists of runs are sorted by. `ended` and `duration` list only runs that have ended. */
export type RunSort = 'created' | 'ended' | 'duration'

/** Where a page of runs ended: an instant, or a duration in milliseconds, and the run that had it. */
export interface RunsCursor {
  sort: RunSort
  value: string | number
  runId: string
}

export interface RunsQuery {
  tenant: string
  status?: RunStatus
  processId?: string
  sessionId?: string
  /** These belong to the session too, though they were created without it. */
  linkedRunIds?: readonly string[]
  /** Created at this instant or later, and before that one; ISO 8601. */
  since?: string
  until?: string
  sort: RunSort
  /** The smallest first: the oldest, the shortest. */
  ascending: boolean
  limit: number
  after?: RunsCursor
}

/** Sorted by what, and how a place in that order is compared with. */
const ORDERS: Readonly<Record<RunSort, { column: RawBuilder<unknown>; type: RawBuilder<unknown> }>> = {
  created: { column: sql`created_at`, type: sql`timestamptz` },
  ended: { column: sql`ended_at`, type: sql`text` },
  duration: { column: sql`duration_ms`, type: sql`bigint` },
}

/** The first condition is for the index, which holds the beginning of the name only. */
function longNameIs(column: RawBuilder<unknown>, name: string): RawBuilder<unknown> {
  return sql`left(${column}, 200) = left(${name}, 200) and ${column} = ${name}`
}

function isOfSession(sessionId: string, linkedRunIds: readonly string[] = []): RawBuilder<unknown> {
  const isCreatedIn = longNameIs(sql`session_id`, sessionId)
  if (linkedRunIds.length === 0) return isCreatedIn
  return sql`(${isCreatedIn} or run_id = any(${linkedRunIds}::text[]))`
}

function conditionsOf(query: RunsQuery): RawBuilder<unknown>[] {
  const { tenant, status, processId, sessionId, since, until, sort, ascending, after } = query
  const { column, type } = ORDERS[sort]
  const conditions = [sql`tenant = ${tenant}`]
  if (status !== undefined) conditions.push(sql`status = ${status}`)
  if (processId !== undefined) conditions.push(longNameIs(sql`process_id`, processId))
  if (sessionId !== undefined) conditions.push(isOfSession(sessionId, query.linkedRunIds))
  if (since !== undefined) conditions.push(sql`created_at >= ${since}::timestamptz`)
  if (until !== undefined) conditions.push(sql`created_at < ${until}::timestamptz`)
  if (sort !== 'created') conditions.push(sql`${column} is not null`)
  if (after !== undefined) {
    const beyond = ascending ? sql`>` : sql`<`
    conditions.push(sql`(${column}, run_id) ${beyond} (${after.value}::${type}, ${after.runId})`)
  }
  return conditions
}

/** Runs in the order that is asked for. */
export async function listRuns(executor: QueryExecutorProvider, query: RunsQuery): Promise<Page<RunRow>> {
  const { column } = ORDERS[query.sort]
  const direction = query.ascending ? sql`asc` : sql`desc`
  return readPage<RunRow>(executor, {
    select: sql`select * from runs where ${sql.join(conditionsOf(query), sql` and `)}`,
    orderBy: sql`${column} ${direction}, run_id ${direction}`,
    limit: query.limit,
  })
}

/** Whether the tables are of a version that knows when runs ended; asked in the transaction that reads them. */
export async function knowsEnds(executor: QueryExecutorProvider): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`
    select exists (
      select from pg_attribute where attrelid = to_regclass('runs') and attname = 'ended_at' and not attisdropped
    ) as known`.execute(executor)
  return rows[0]?.known === true
}
