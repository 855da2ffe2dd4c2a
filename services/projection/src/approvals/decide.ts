import type { DecidedEvent, Decider } from '@daybook/eventing'
import {
  type Actor,
  type Approval,
  approvalOf,
  BREAKPOINT,
  type Decision,
  decisionKeyOf,
  type Effect,
  effectIdOf,
  evolveRun,
  type JsonObject,
  type RunSummary,
} from '@daybook/events'
import { alreadyDecided, decidedAndErased, noSuchApproval, withdrawn } from './refusals.ts'

/** What somebody has decided about a breakpoint. */
export interface DecideApproval {
  readonly runId: string
  readonly decision: Decision
  readonly reason: string
  readonly scope?: string
  readonly approver: Actor
  /** ISO 8601, milliseconds, UTC. */
  readonly decidedAt: string
}

/** As much of a run as a decision depends on. */
export interface ApprovalState {
  readonly run: RunSummary | undefined
  /** The one effect that is to be decided. */
  readonly effect: Effect | undefined
  /** It was decided, and the payload that says how was erased. */
  readonly isErased: boolean
}

/** What it decides are events of runs. */
interface ApprovalDecider extends Decider<ApprovalState, DecideApproval> {
  readonly decide: (state: ApprovalState, command: DecideApproval) => readonly DecidedEvent[]
}

/**
 * Decides one breakpoint, once. The state holds the run and this effect, however many others the run has; their events
 * are passed over, so nothing in it but what `decide` looks at may be relied on.
 *
 * `decide` refuses with `not-found` (no such run or effect, or one that waits for nobody), `already-decided` (details:
 * the first decision) and `invalid-transition` (withdrawn). The same decision of the same person for the same reason is
 * already true, and adds nothing.
 */
export function approvalDecider(effectId: string): ApprovalDecider {
  return {
    initial: { run: undefined, effect: undefined, isErased: false },
    evolve: (state, event) => {
      const named = effectIdOf(event)
      if (named !== undefined && named !== effectId) return state
      const isErased = state.isErased || (event.erased !== undefined && event.key === decisionKeyOf(effectId))
      return { ...evolveRun(state, event), isErased }
    },
    decide: (state, command) => {
      const { run, effect } = requirePending(state, effectId, command)
      if (approvalOf(effect, run).status === 'decided') return []
      return [resolution(effectId, command)]
    },
  }
}

/** The breakpoint, pending or decided in just this way. */
function requirePending(
  { run, effect, isErased }: ApprovalState,
  effectId: string,
  command: DecideApproval,
): { run: RunSummary; effect: Effect } {
  if (run === undefined || effect === undefined || effect.kind !== BREAKPOINT)
    throw noSuchApproval(effectId, command.runId)
  const approval = approvalOf(effect, run)
  if (approval.status === 'withdrawn') throw withdrawn(effectId, effect, run)
  if (isErased) throw decidedAndErased(effectId)
  if (approval.status === 'decided' && !isSame(approval, command)) throw alreadyDecided(approval)
  return { run, effect }
}

/** A repeated request, as after a lost answer. */
function isSame(
  { decision, reason, scope, decidedBy }: Approval,
  { approver, ...command }: DecideApproval,
): boolean {
  return (
    decision === command.decision &&
    reason === command.reason &&
    scope === command.scope &&
    decidedBy?.kind === approver.kind &&
    decidedBy.id === approver.id
  )
}

/** Good work as file-per-event tools write it, also for a refusal: `approved` tells them apart. */
function resolution(effectId: string, command: DecideApproval): DecidedEvent {
  const { decision, reason, scope, approver, decidedAt } = command
  const result: JsonObject = {
    approved: decision === 'approve',
    response: reason,
    ...(decision === 'deny' && { feedback: reason }),
    respondedBy: approver.id,
    decision,
    reason,
    ...(scope !== undefined && { scope }),
    approver: { kind: approver.kind, id: approver.id },
    decidedAt,
  }
  return { type: 'EFFECT_RESOLVED', key: decisionKeyOf(effectId), data: { effectId, status: 'ok', result } }
}
