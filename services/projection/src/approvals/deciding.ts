import {
  type Appender,
  decideLoop,
  type Executed,
  readCaughtUp,
  type StateAt,
  streamReader,
} from '@daybook/eventing'
import type { Decision } from '@daybook/events'
import type { Caller } from '@daybook/runtime'
import { nameOf } from '../run-states.ts'
import { loadEffects } from '../store/effects.ts'
import { loadRuns } from '../store/runs.ts'
import { type ApprovalState, approvalDecider, type DecideApproval } from './decide.ts'
import type { LiveParts } from './live.ts'
import { type ApprovalKey, getApproval } from './read.ts'

export interface DecidingParts<DB> extends LiveParts<DB> {
  append: Appender
}

/** What somebody wants to be decided. */
interface Wish extends ApprovalKey {
  decision: Decision
  reason: string
  scope?: string
}

/** Carries out decisions; codes as of `approvalDecider`, `decideLoop`, and `ambiguous-id`. */
type Decide = (caller: Pick<Caller, 'tenant' | 'actor'>, wish: Wish) => Promise<Executed<ApprovalState>>

export function decisions<DB>(parts: DecidingParts<DB>): Decide {
  const { database, archive, append } = parts
  const read = streamReader(database, archive)
  return async (caller, { effectId, runId: namedRunId, ...wish }) => {
    const { tenant, actor: approver } = caller
    const runId = namedRunId ?? (await findRunOf(parts, { tenant, effectId }))
    const recall = () => recallFrom(parts, { tenant, runId, effectId })
    const execute = decideLoop<ApprovalState, DecideApproval>(
      { read, append, recall },
      approvalDecider(effectId),
    )
    const decidedAt = new Date().toISOString()
    const command = { ...wish, runId, approver, decidedAt }
    return execute({ caller, stream: `run/${runId}`, command })
  }
}

/** The run that asks. */
async function findRunOf<DB>(
  parts: DecidingParts<DB>,
  key: { tenant: string; effectId: string },
): Promise<string> {
  const advice = `It does not know ${key.effectId} yet. Name the run (?runId=…), or ask again in a moment.`
  const asked = { tenant: key.tenant, advice }
  return (await readCaughtUp(parts, asked, (trx) => getApproval(trx, key))).runId
}

/**
 * The state that the read model has, so that a long run is not folded anew for each decision. Where payloads were erased
 * it does not tell whether one of them was this decision, and folding begins at the first event.
 */
async function recallFrom<DB>(
  { projection }: DecidingParts<DB>,
  { tenant, runId, effectId }: { tenant: string; runId: string; effectId: string },
): Promise<StateAt<ApprovalState> | undefined> {
  const key = { tenant, runId, effectId }
  const { value } = await projection.read(tenant, async (trx) => ({
    runs: await loadRuns(trx, [key]),
    effects: await loadEffects(trx, [key]),
  }))
  const [run, effect] = [
    value.runs.get(nameOf({ tenant, runId }))?.run,
    value.effects.get(nameOf(key))?.effect,
  ]
  if (run === undefined || run.erasedTotal !== undefined) return undefined
  return { state: { run, effect, isErased: false }, seq: run.lastSeq }
}
