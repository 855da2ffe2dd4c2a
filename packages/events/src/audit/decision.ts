import { type Approval, approvalOf, BREAKPOINT } from '../approval/approval.ts'
import type { Actor, JournalEvent } from '../envelope.ts'
import { members } from '../run/read.ts'
import type { Effect } from '../run/summary.ts'
import { durationText } from './duration.ts'
import { cut, errorText } from './words.ts'

/** How a question to a person ended. `unclear`: there is an answer, and it says neither yes nor no. */
export type Verdict = 'approved' | 'denied' | 'cancelled' | 'failed' | 'unclear'

/** Whether an effect waits for a person. */
export function isApproval({ kind }: Pick<Effect, 'kind'>): boolean {
  return kind === BREAKPOINT
}

/** The approval as this event alone would have it, whether or not the state allowed the event. */
function answeredBy(event: JournalEvent, effect: Effect): Approval {
  const { type, data, actor, occurredAt, seq } = event
  const resolved = data['status'] === 'ok' ? 'resolved_ok' : 'resolved_error'
  const { result: _result, error: _error, ...asked } = effect
  const settled: Effect = {
    ...asked,
    ...members(data, ['result', 'error']),
    status: type === 'EFFECT_CANCELLED' ? 'cancelled' : resolved,
    resolvedAt: occurredAt,
    resolvedSeq: seq,
    resolvedBy: actor,
  }
  return approvalOf(settled, {})
}

/** The verdict in an event that settles a question. */
export function verdictOf(event: JournalEvent, effect: Effect): Verdict {
  const { decision } = answeredBy(event, effect)
  if (decision !== undefined) return decision === 'approve' ? 'approved' : 'denied'
  if (event.type === 'EFFECT_CANCELLED') return 'cancelled'
  return event.data['status'] === 'error' ? 'failed' : 'unclear'
}

/** Who decided: whom the answer names, which nobody vouches for, and whose event it was. */
export function deciderText({ respondedBy, decidedBy }: Pick<Approval, 'respondedBy' | 'decidedBy'>): string {
  const actor = decidedBy === undefined ? '' : actorText(decidedBy)
  if (respondedBy === undefined || respondedBy === decidedBy?.id) return actor
  return cut(actor === '' ? respondedBy : `${respondedBy} (as ${actor} says)`)
}

/** `user ann` */
export function actorText({ kind, id }: Actor): string {
  return `${kind} ${id}`
}

/** `approved by user ann (for this run): looks good, after 4 min 05 s` */
export function verdictText(event: JournalEvent, effect: Effect, waitedMs: number | undefined): string {
  const approval = answeredBy(event, effect)
  const verdict = verdictOf(event, effect)
  const by = deciderText(approval)
  const reason = approval.reason ?? (verdict === 'failed' ? errorText(event.data['error']) : '')
  return [
    verdict === 'unclear' ? 'answered, neither yes nor no,' : verdict,
    ` by ${by}`,
    approval.scope === undefined ? '' : ` (for ${approval.scope})`,
    reason === '' ? '' : `: ${reason}`,
    waitedMs === undefined ? '' : `, after ${durationText(waitedMs)}`,
  ].join('')
}
