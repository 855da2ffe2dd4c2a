import { DaybookError } from '@daybook/errors'
import { type CaughtUpParts, readCaughtUp } from '@daybook/eventing'
import type { Effect } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'

/** A person who is told of several runs needs to see a few of them, not all. */
const NAMESAKES_MAX = 10

/** An effect by its id, which is unique within a run only. */
export interface EffectName {
  readonly tenant: string
  readonly effectId: string
  readonly runId?: string | undefined
}

/** Codes: `not-found`, `ambiguous-id`. */
export async function findEffect(executor: QueryExecutorProvider, name: EffectName): Promise<Effect> {
  const { tenant, effectId, runId } = name
  const ofRun = runId === undefined ? sql`` : sql`and run_id = ${runId}`
  const { rows } = await sql<{ document: Effect }>`
    select document from effects where tenant = ${tenant} and effect_id = ${effectId} ${ofRun}
    order by run_id limit ${NAMESAKES_MAX}`.execute(executor)
  const [first, second] = rows
  if (first === undefined) throw noSuchEffect(name)
  if (second === undefined) return first.document
  throw severalEffects(
    effectId,
    rows.map(({ document }) => document.runId),
  )
}

/** The run that has asked for it. Codes: `not-found`, `ambiguous-id`, `position-not-reached`. */
export async function findRunOfEffect<DB>(parts: CaughtUpParts<DB>, name: EffectName): Promise<string> {
  const { tenant, effectId } = name
  const advice = `It does not know ${effectId} yet. Name the run (/v1/runs/{id}/effects/…), or ask again in a moment.`
  return (await readCaughtUp(parts, { tenant, advice }, (trx) => findEffect(trx, name))).runId
}

function noSuchEffect({ effectId, runId }: EffectName): DaybookError {
  const place = runId === undefined ? '' : ` of the run ${runId}`
  return new DaybookError(
    'not-found',
    `No effect ${effectId}${place} is known. GET /v1/runs/{id}/effects lists those of a run.`,
  )
}

function severalEffects(effectId: string, runIds: string[]): DaybookError {
  const message = `Several runs have an effect ${effectId}. Say which one is meant: /v1/runs/{id}/effects/${effectId}`
  return new DaybookError('ambiguous-id', message, { details: { runIds } })
}
