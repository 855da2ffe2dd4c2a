import { DaybookError } from '@daybook/errors'
import type { Approval, Effect, RunSummary } from '@daybook/events'

/** Code: `not-found`. Also for an effect that waits for no person. */
export function noSuchApproval(effectId: string, runId?: string): DaybookError {
  const place = runId === undefined ? '' : ` of the run ${runId}`
  const message = `No breakpoint ${effectId}${place} is known. GET /v1/approvals lists them.`
  return new DaybookError('not-found', message)
}

/** Code: `ambiguous-id`. Details: some of the runs. */
export function severalApprovals(effectId: string, runIds: string[]): DaybookError {
  const message = `Several runs have a breakpoint ${effectId}. Say which one is meant: ?runId=…`
  return new DaybookError('ambiguous-id', message, { details: { runIds } })
}

/** Code: `already-decided`. Details: the first decision, as `GET /v1/approvals/{effectId}` gives it. */
export function alreadyDecided(first: Approval): DaybookError {
  const by = first.decidedBy === undefined ? 'somebody' : `${first.decidedBy.kind} ${first.decidedBy.id}`
  const message = `The breakpoint ${first.effectId} was decided at ${first.decidedAt ?? first.requestedAt} by ${by}. The first decision counts.`
  return new DaybookError('already-decided', message, { details: { approval: { ...first } } })
}

/** Code: `already-decided`. */
export function decidedAndErased(effectId: string): DaybookError {
  const message = `The breakpoint ${effectId} was decided, and the record of how was erased. The first decision counts.`
  return new DaybookError('already-decided', message)
}

/** Code: `invalid-transition`. */
export function withdrawn(effectId: string, effect: Effect, run: RunSummary): DaybookError {
  const reason = effect.status === 'cancelled' ? 'it was cancelled' : `the run was ${run.status}`
  const message = `Nobody needs a decision about ${effectId} any more: ${reason}.`
  return new DaybookError('invalid-transition', message, {
    details: { effectStatus: effect.status, runStatus: run.status },
  })
}
