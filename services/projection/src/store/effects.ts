import { documentsOf, type Page, readPage } from '@daybook/eventing'
import type { Effect } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { type EffectKey, nameOf, type RunKey, type RunStates } from '../run-states.ts'

/** An effect with its key, by which pages go on. */
export interface EffectRow {
  tenant: string
  run_id: string
  effect_id: string
  requested_seq: number
  document: Effect
}

/** The stored ones of these effects. */
export async function loadEffects(
  executor: QueryExecutorProvider,
  keys: readonly EffectKey[],
): Promise<RunStates['effects']> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<EffectRow>`
    select effect.* from unnest(
      ${keys.map(({ tenant }) => tenant)}::text[],
      ${keys.map(({ runId }) => runId)}::text[],
      ${keys.map(({ effectId }) => effectId)}::text[]
    ) as wanted (tenant, run_id, effect_id)
    cross join lateral (
      select tenant, run_id, effect_id, document from effects effect
      where (effect.tenant, effect.run_id, effect.effect_id) = (wanted.tenant, wanted.run_id, wanted.effect_id)
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole table
    ) effect`.execute(executor)
  return new Map(
    rows.map((row) => {
      const key = { tenant: row.tenant, runId: row.run_id, effectId: row.effect_id }
      return [nameOf(key), { ...key, effect: row.document }]
    }),
  )
}

/** Writes effects, new or not, in one statement. */
export async function saveEffects(
  executor: QueryExecutorProvider,
  effects: readonly (EffectKey & { effect: Effect })[],
): Promise<void> {
  if (effects.length === 0) return
  await sql`
    insert into effects (tenant, run_id, effect_id, status, kind, requested_seq, bytes, document)
    select tenant, document->>'runId', document->>'effectId', document->>'status', document->>'kind',
      (document->>'requestedSeq')::bigint, bytes, document
    from ${documentsOf(effects, ({ tenant, effect }) => [tenant, effect])}
    on conflict (tenant, run_id, effect_id) do update set
      status = excluded.status, kind = excluded.kind, requested_seq = excluded.requested_seq,
      bytes = excluded.bytes, document = excluded.document`.execute(executor)
}

/** Removes all effects of a run. */
export async function removeEffects(
  executor: QueryExecutorProvider,
  { tenant, runId }: RunKey,
): Promise<void> {
  await sql`delete from effects where tenant = ${tenant} and run_id = ${runId}`.execute(executor)
}

/** Where a page of effects ended. */
export interface EffectsCursor {
  requestedSeq: number
  effectId: string
}

export interface EffectsQuery extends RunKey {
  status?: Effect['status']
  kind?: string
  limit: number
  after?: EffectsCursor
}

/** The effects of a run in the order of their requests. */
export async function listEffects(
  executor: QueryExecutorProvider,
  query: EffectsQuery,
): Promise<Page<EffectRow>> {
  const conditions = [sql`tenant = ${query.tenant}`, sql`run_id = ${query.runId}`]
  if (query.status !== undefined) conditions.push(sql`status = ${query.status}`)
  if (query.kind !== undefined) conditions.push(sql`kind = ${query.kind}`)
  if (query.after !== undefined) {
    const { requestedSeq, effectId } = query.after
    conditions.push(sql`(requested_seq, effect_id) > (${requestedSeq}::bigint, ${effectId})`)
  }
  return readPage<EffectRow>(executor, {
    select: sql`select * from effects where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`requested_seq, effect_id`,
    limit: query.limit,
  })
}
