import { type Page, readPage } from '@daybook/eventing'
import { type ApprovalStatus, BREAKPOINT, type Decision, type Effect } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'

/** A breakpoint, and when its run ended. */
export interface ApprovalRow {
  run_id: string
  effect_id: string
  document: Effect
  requested_at: string
  /** Null while the run goes on. */
  ended_at: string | null
}

/** Where a page of approvals ended. */
export interface ApprovalsCursor {
  requestedAt: string
  runId: string
  effectId: string
}

export interface ApprovalsFilter {
  status?: ApprovalStatus
  decision?: Decision
  runId?: string
  /** Asked at this instant or later, and before that one. */
  since?: string
  until?: string
}

export interface ApprovalsQuery extends ApprovalsFilter {
  tenant: string
  limit: number
  /** Newest first. */
  reverse?: boolean
  /** Behind this one, in the order that is asked for. */
  after?: ApprovalsCursor
}

const ENDED = sql`run.status in ('completed', 'failed', 'cancelled')`
/** The text is what is indexed, so it is what is compared. */
const REQUESTED_AT = sql`(effect.document->>'requestedAt')`

/** Where a page goes on that ended here. */
export function cursorAt(row: ApprovalRow): ApprovalsCursor {
  return { requestedAt: row.requested_at, runId: row.run_id, effectId: row.effect_id }
}

/** As `approvalOf` tells it from an effect and its run. */
const STATUS_CONDITIONS: Readonly<Record<ApprovalStatus, RawBuilder<unknown>>> = {
  pending: sql`effect.status = 'requested' and ${ENDED} is not true`,
  decided: sql`effect.status in ('resolved_ok', 'resolved_error')`,
  withdrawn: sql`(effect.status = 'cancelled' or (effect.status = 'requested' and ${ENDED}))`,
}

const DECISION_CONDITIONS: Readonly<Record<Decision, RawBuilder<unknown>>> = {
  approve: sql`effect.status = 'resolved_ok' and effect.document->'result'->'approved' = 'true'`,
  deny: sql`effect.status = 'resolved_ok' and effect.document->'result'->'approved' = 'false'`,
}

function selectWhere(conditions: readonly RawBuilder<unknown>[]): RawBuilder<ApprovalRow> {
  return sql<ApprovalRow>`
    select effect.run_id, effect.effect_id, effect.document, effect.bytes, ${REQUESTED_AT} as requested_at,
      run.document->>'endedAt' as ended_at
    from effects effect left join runs run on (run.tenant, run.run_id) = (effect.tenant, effect.run_id)
    where effect.kind = ${sql.lit(BREAKPOINT)} and ${sql.join(conditions, sql` and `)}`
}

/** Approvals of all runs in the order of asking. */
export async function listApprovals(
  executor: QueryExecutorProvider,
  query: ApprovalsQuery,
): Promise<Page<ApprovalRow>> {
  const { tenant, status, decision, runId, since, until, after, reverse = false, limit } = query
  const conditions = [sql`effect.tenant = ${tenant}`]
  if (status !== undefined) conditions.push(STATUS_CONDITIONS[status])
  if (decision !== undefined) conditions.push(DECISION_CONDITIONS[decision])
  if (runId !== undefined) conditions.push(sql`effect.run_id = ${runId}`)
  if (since !== undefined) conditions.push(sql`${REQUESTED_AT} >= ${since}`)
  if (until !== undefined) conditions.push(sql`${REQUESTED_AT} < ${until}`)
  if (after !== undefined) {
    const place = sql`(${REQUESTED_AT}, effect.run_id, effect.effect_id)`
    const last = sql`(${after.requestedAt}, ${after.runId}, ${after.effectId})`
    conditions.push(reverse ? sql`${place} < ${last}` : sql`${place} > ${last}`)
  }
  return readPage<ApprovalRow>(executor, {
    select: selectWhere(conditions),
    orderBy: reverse
      ? sql`requested_at desc, run_id desc, effect_id desc`
      : sql`requested_at, run_id, effect_id`,
    limit,
  })
}

/** A person who is told of several runs needs to see a few of them, not all. */
const NAMESAKES_MAX = 10

/** The breakpoints with this id: one for each run that has it, ten at most. */
export async function findApprovals(
  executor: QueryExecutorProvider,
  { tenant, effectId, runId }: { tenant: string; effectId: string; runId?: string | undefined },
): Promise<ApprovalRow[]> {
  const conditions = [sql`effect.tenant = ${tenant}`, sql`effect.effect_id = ${effectId}`]
  if (runId !== undefined) conditions.push(sql`effect.run_id = ${runId}`)
  const { rows } = await sql<ApprovalRow>`
    ${selectWhere(conditions)} order by effect.run_id limit ${NAMESAKES_MAX}`.execute(executor)
  return rows
}

/** What may have changed: these effects, and those that are undecided of runs that have ended. */
export interface Touched {
  tenant: string
  effects: readonly { runId: string; effectId: string }[]
  endedRunIds: readonly string[]
}

/** The breakpoints among them. */
export async function findTouchedApprovals(
  executor: QueryExecutorProvider,
  { tenant, effects, endedRunIds }: Touched,
): Promise<ApprovalRow[]> {
  const named = sql`(effect.run_id, effect.effect_id) in (
    select * from unnest(
      ${effects.map(({ runId }) => runId)}::text[], ${effects.map(({ effectId }) => effectId)}::text[]))`
  const undecided = sql`(effect.status = 'requested' and effect.run_id = any(${endedRunIds}::text[]))`
  const { rows } = await selectWhere([
    sql`effect.tenant = ${tenant}`,
    sql`(${named} or ${undecided})`,
  ]).execute(executor)
  return rows
}
