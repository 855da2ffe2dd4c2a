import type { Effect, RunSummary } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { EffectsCursor } from './effects.ts'

/** A row of `runs` with the columns that repeat parts of the document. */
export interface StoredRun {
  runId: string
  columns: { status: string; processId: string; sessionId: string | null; createdAt: string }
  document: RunSummary
}

/** A row of `effects`, likewise. */
export interface StoredEffect {
  effectId: string
  columns: { status: string; kind: string; requestedSeq: number }
  document: Effect
}

/** Runs in the order of their ids, from behind one of them on. */
export async function listStoredRuns(
  executor: QueryExecutorProvider,
  { tenant, after, limit }: { tenant: string; after: string; limit: number },
): Promise<StoredRun[]> {
  const { rows } = await sql<StoredRun>`
    select run_id as "runId", document, json_build_object(
      'status', status, 'processId', process_id, 'sessionId', session_id,
      'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as columns
    from runs where tenant = ${tenant} and run_id > ${after} order by run_id limit ${limit}`.execute(executor)
  return rows
}

/** Effects of a run in the order of their requests, from behind one of them on. */
export async function listStoredEffects(
  executor: QueryExecutorProvider,
  query: { tenant: string; runId: string; after: EffectsCursor; limit: number },
): Promise<StoredEffect[]> {
  const { tenant, runId, after, limit } = query
  const { rows } = await sql<StoredEffect>`
    select effect_id as "effectId", document,
      json_build_object('status', status, 'kind', kind, 'requestedSeq', requested_seq) as columns
    from effects
    where tenant = ${tenant} and run_id = ${runId}
      and (requested_seq, effect_id) > (${after.requestedSeq}::bigint, ${after.effectId})
    order by requested_seq, effect_id limit ${limit}`.execute(executor)
  return rows
}

/** A run that has effects and no row of its own. */
export async function findStrayEffect(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<{ runId: string; effectId: string } | undefined> {
  const { rows } = await sql<{ runId: string; effectId: string }>`
    select run_id as "runId", effect_id as "effectId" from effects
    where tenant = ${tenant}
      and not exists (select from runs where (runs.tenant, runs.run_id) = (effects.tenant, effects.run_id))
    limit 1`.execute(executor)
  return rows[0]
}
