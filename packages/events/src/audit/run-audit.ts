import { type Approval, approvalOf } from '../approval/approval.ts'
import type { JournalEvent } from '../envelope.ts'
import type { Costs } from '../run/costs.ts'
import { evolveRun } from '../run/evolve.ts'
import type { Effect, RunSummary } from '../run/summary.ts'
import { effectIdOf, findTransitionFault } from '../run/transition.ts'
import { upcastEvent } from '../upcast.ts'
import { isApproval } from './decision.ts'
import { elapsedMs } from './duration.ts'
import { type AuditEntry, auditEntry, isFailure } from './entry.ts'
import { effectName } from './words.ts'

/** An effect as an audit looks at it. */
export interface AuditedEffect {
  readonly effectId: string
  readonly kind: string
  /** Its label, else its task. */
  readonly name: string
  readonly status: Effect['status']
  readonly requestedSeq: number
  readonly requestedAt: string
  readonly settledSeq?: number
  readonly settledAt?: string
  /** From the request to the end; of one that is open, to the last event of the run. */
  readonly durationMs?: number
  /** From start to end by the worker's own account, where it gave one. */
  readonly workedMs?: number
  readonly costs?: Costs
}

/** A question to a person, and what became of it. */
export interface AuditedApproval extends Approval {
  /** From the question to the decision; of one that is open, to the last event of the run. */
  readonly waitedMs?: number
}

/** A run, looked at as a whole. */
export interface RunAudit {
  /** Undefined when there was no event. */
  readonly run: Omit<RunSummary, 'output' | 'error'> | undefined
  readonly events: number
  /** From the first event to the end of the run, or to its last event. */
  readonly durationMs?: number
  /** Of that, the time in which at least one question to a person was open. */
  readonly waitedForPeopleMs: number
  /** Longest first; those without a duration come last. */
  readonly effects: readonly AuditedEffect[]
  readonly failures: readonly AuditEntry[]
  /** In the order of asking. */
  readonly approvals: readonly AuditedApproval[]
  readonly erasedTotal: number
  /** The last event's hash: `daybook verify` shows whether the record still has it. */
  readonly lastHash?: string
}

/**
 * Looks at a run event by event, oldest first: each gives its line, and all together the whole. Total, like the fold that
 * it is built upon: faults of an import are told, never thrown. It keeps the effects and the failures, not the trail.
 */
export class RunAuditor {
  #run: RunSummary | undefined
  #first: JournalEvent | undefined
  #last: JournalEvent | undefined
  #events = 0
  #erased = 0
  readonly #effects = new Map<string, Effect>()
  readonly #approvals = new Map<string, Approval>()
  readonly #failures: AuditEntry[] = []

  add(recorded: JournalEvent): AuditEntry {
    const event = upcastEvent(recorded)
    const effectId = effectIdOf(event)
    const before = {
      run: this.#run,
      effect: effectId === undefined ? undefined : this.#effects.get(effectId),
    }
    const fault = findTransitionFault(before, event)
    const after = evolveRun(before, event)
    this.#run = after.run === undefined ? undefined : withoutValues(after.run)
    if (after.effect !== undefined) this.#effects.set(after.effect.effectId, withoutResult(after.effect))
    this.#note(event, after.effect)
    const entry = auditEntry(recorded, { effect: after.effect, fault })
    if (isFailure(entry)) this.#failures.push(entry)
    return entry
  }

  summary(): RunAudit {
    const asOf = this.#run?.endedAt ?? this.#last?.occurredAt
    const durationMs = elapsedMs(this.#first?.occurredAt, asOf)
    const approvals = [...this.#approvals.values()].map((approval) => awaited(approval, this.#run, asOf))
    return {
      run: this.#run,
      events: this.#events,
      ...(durationMs !== undefined && { durationMs }),
      waitedForPeopleMs: waitedForPeople(this.#run, asOf),
      effects: [...this.#effects.values()].map((effect) => audited(effect, asOf)).toSorted(longestFirst),
      failures: this.#failures,
      approvals,
      erasedTotal: this.#erased,
      ...(this.#last !== undefined && { lastHash: this.#last.hash }),
    }
  }

  #note(event: JournalEvent, effect: Effect | undefined): void {
    this.#events += 1
    this.#first ??= event
    this.#last = event
    if (event.erased !== undefined) this.#erased += 1
    if (effect !== undefined && isApproval(effect)) {
      // The question is in what was asked, which is not kept until the answer comes.
      const asked = this.#approvals.get(effect.effectId)
      this.#approvals.set(effect.effectId, { ...asked, ...approvalOf(effect, {}) })
    }
  }
}

/** What was asked and answered is in the trail already; a run of a hundred thousand effects is not to be held twice. */
function withoutResult({
  taskDef: _taskDef,
  inputs: _inputs,
  result: _result,
  error: _error,
  ...effect
}: Effect): Effect {
  return effect
}

function withoutValues(run: RunSummary): RunSummary {
  if (run.output === undefined && run.error === undefined) return run
  const { output: _output, error: _error, ...rest } = run
  return rest
}

function audited(effect: Effect, asOf: string | undefined): AuditedEffect {
  const { effectId, kind, status, requestedSeq, requestedAt, resolvedSeq, resolvedAt, workedMs, costs } =
    effect
  const durationMs = effect.durationMs ?? elapsedMs(requestedAt, resolvedAt ?? asOf)
  return {
    effectId,
    kind,
    name: effectName(effect),
    status,
    requestedSeq,
    requestedAt,
    ...(resolvedSeq !== undefined && { settledSeq: resolvedSeq }),
    ...(resolvedAt !== undefined && { settledAt: resolvedAt }),
    ...(durationMs !== undefined && { durationMs }),
    ...(workedMs !== undefined && { workedMs }),
    ...(costs !== undefined && { costs }),
  }
}

/** With what goes on: a question that is open at the end was waited for up to there. */
function waitedForPeople(run: RunAudit['run'], asOf: string | undefined): number {
  return (run?.waitedForPeopleMs ?? 0) + (elapsedMs(run?.waitingForPeopleSince, asOf) ?? 0)
}

function longestFirst(a: AuditedEffect, b: AuditedEffect): number {
  return (b.durationMs ?? -1) - (a.durationMs ?? -1) || a.requestedSeq - b.requestedSeq
}

/** The approval with the time it took. One that the run ended without is not pending any more. */
function awaited(approval: Approval, run: RunAudit['run'], asOf: string | undefined): AuditedApproval {
  const waitedMs = elapsedMs(approval.requestedAt, approval.decidedAt ?? asOf)
  const isWithdrawn = approval.status === 'pending' && run?.endedAt !== undefined
  return {
    ...approval,
    ...(isWithdrawn && { status: 'withdrawn' }),
    ...(waitedMs !== undefined && { waitedMs }),
  }
}
