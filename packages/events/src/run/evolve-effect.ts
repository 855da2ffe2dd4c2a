import type { JsonObject } from '@daybook/errors'
import { BREAKPOINT } from '../approval/approval.ts'
import { isDecisionKey } from '../approval/decision-key.ts'
import type { JournalEvent } from '../envelope.ts'
import { addCost } from './costs.ts'
import { durationsOf } from './durations.ts'
import { members, texts } from './read.ts'
import type { Effect, RunSummary } from './summary.ts'

/** What was asked for. Total: what is not as its schema has it is left out. */
export function requestEffect({ runId }: RunSummary, event: JournalEvent): Effect {
  const { data } = event
  const named = texts(data, ['effectId', 'invocationKey', 'stepId', 'taskId', 'kind'])
  return {
    effectId: '',
    invocationKey: '',
    stepId: '',
    taskId: '',
    kind: 'unknown',
    ...named,
    runId,
    status: 'requested',
    ...texts(data, ['label', 'taskDefRef', 'inputsRef']),
    ...labelsOf(data),
    ...members(data, ['taskDef', 'inputs']),
    requestedAt: event.occurredAt,
    requestedSeq: event.seq,
  }
}

function labelsOf({ labels }: JsonObject): Pick<Effect, 'labels'> {
  if (!Array.isArray(labels)) return {}
  return { labels: labels.filter((label) => typeof label === 'string') }
}

/** The effect after its result or its cancellation. */
export function settleEffect(requested: Effect, event: JournalEvent): Effect {
  const effect = settledBy(requested, event)
  return { ...effect, ...durationsOf(effect) }
}

function settledBy(effect: Effect, event: JournalEvent): Effect {
  const resolvedBy = event.actor
  const settled = { ...effect, resolvedAt: event.occurredAt, resolvedSeq: event.seq, resolvedBy }
  if (event.type === 'EFFECT_CANCELLED') return { ...settled, status: 'cancelled' }
  return {
    ...settled,
    status: event.data['status'] === 'ok' ? 'resolved_ok' : 'resolved_error',
    ...(effect.kind === BREAKPOINT && { isVouched: isDecisionKey(event.key) }),
    ...members(event.data, ['result', 'error']),
    ...texts(event.data, ['resultRef', 'stdoutRef', 'stderrRef', 'startedAt', 'finishedAt']),
  }
}

/** The effect after something was told of it: what it cost, and, as long as it is pending, how far it is. */
export function noteEffect(effect: Effect, event: JournalEvent): Effect {
  if (event.type === 'COST_TRACKED') return { ...effect, costs: addCost(effect.costs, event.data) }
  return effect.status === 'requested' ? { ...effect, progress: progressOf(event) } : effect
}

function progressOf({ data, occurredAt: at }: JournalEvent): NonNullable<Effect['progress']> {
  const { progressLabel: label } = texts(data, ['progressLabel'])
  const { progressPercent: percent } = data
  const [step, eta] = [textOrNumber(data['currentStep']), textOrNumber(data['progressEta'])]
  return {
    at,
    ...(typeof percent === 'number' && { percent }),
    ...(label !== undefined && { label }),
    ...(step !== undefined && { step }),
    ...(eta !== undefined && { eta }),
  }
}

function textOrNumber(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}
