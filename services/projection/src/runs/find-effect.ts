import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader, type Projection } from '@daybook/eventing'
import type { Effect } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'

/** A person who is told of several runs needs to see a few of them, not all. */
const NAMESAKES_MAX = 10
/** Longer than any healthy lag, shorter than the patience of a caller. */
const CATCH_UP_MS = 2_000

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

/**
 * The run that has asked for it. What was asked a moment ago may not be in the read model yet, so that may catch up first.
 * Codes: `not-found`, `ambiguous-id`, `position-not-reached`.
 */
export async function findRunOfEffect<DB>(
  { projection, database }: { projection: Projection<DB>; database: Pick<Database<DB>, 'kysely'> },
  name: EffectName,
): Promise<string> {
  const find = () => projection.read(name.tenant, (trx) => findEffect(trx, name))
  try {
    return (await find()).value.runId
  } catch (error) {
    if (!(error instanceof DaybookError) || error.code !== 'not-found') throw error
  }
  const { position } = await journalReader(database.kysely).head()
  if (await projection.waitFor(position, CATCH_UP_MS)) return (await find()).value.runId
  const message = `The read model is behind, and does not know ${name.effectId} yet. Name the run (/v1/runs/{id}/effects/…), or ask again in a moment.`
  throw new DaybookError('position-not-reached', message, { details: { position: projection.position } })
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
