import { DaybookError, type JsonValue } from '@daybook/errors'
import { BREAKPOINT } from '../approval/approval.ts'
import { decisionKeyOf } from '../approval/decision-key.ts'
import { checksumOf } from '../chain.ts'
import { canonicalJson } from '../json/canonical.ts'
import type { RunCommand, RunDecision } from './command.ts'
import { refusal } from './refusal.ts'
import type { Effect, RunSummary } from './summary.ts'

/** What deciding needs to know of a run. */
export interface RunToDecide {
  readonly run: RunSummary | undefined
  /** At least those that the command names, as far as they were requested. */
  readonly effects: ReadonlyMap<string, Effect>
  /** Of the data of its RUN_CREATED. */
  readonly createdChecksum: string | undefined
}

/**
 * The events that make a command true. None when it is true already: whoever did not get an answer gives the same command
 * again. No event is decided that `evolveRun` would flag. Throws `invalid-transition`, which tells the state and what it
 * allows, and `not-found` for a run that was never created.
 */
export function decideRun(state: RunToDecide, command: RunCommand): readonly RunDecision[] {
  if (command.name === 'create') return create(state, command.data)
  const { run } = state
  if (run === undefined || run.processId === '')
    throw new DaybookError('not-found', 'There is no such run. POST /v1/runs creates one.')
  const created = { ...state, run }
  if (command.name === 'request-effects') return requestEffects(created, command.effects)
  if (command.name === 'resolve-effect') return resolveEffect(created, command)
  if (command.name === 'report-progress') return reportProgress(created, command.data)
  if (command.name === 'cancel-effect') return cancelEffect(created, command.data)
  if (command.name === 'complete') return complete(run, command.data)
  if (command.name === 'fail') return fail(run, command.data)
  return cancel(run, command)
}

interface CreatedRun extends RunToDecide {
  readonly run: RunSummary
}

type CommandOf<Name extends RunCommand['name']> = Extract<RunCommand, { name: Name }>
type DataOf<Name extends RunDecision['type']> = Extract<RunDecision, { type: Name }>['data']

function create({ run, createdChecksum }: RunToDecide, data: DataOf<'RUN_CREATED'>): RunDecision[] {
  if (run === undefined || run.processId === '') return [{ type: 'RUN_CREATED', data }]
  // Compared by its checksum: what the inputs were is not part of the state.
  if (createdChecksum === checksumOf(canonicalJson(data))) return []
  throw refusal(run, 'it was created before, otherwise')
}

const REQUESTED_MEMBERS = [
  'invocationKey',
  'stepId',
  'taskId',
  'kind',
  'label',
  'labels',
  'taskDef',
  'taskDefRef',
  'inputs',
  'inputsRef',
] as const

/** Those that were requested before, word for word, are left out. */
function requestEffects(
  { run, effects }: CreatedRun,
  wanted: readonly DataOf<'EFFECT_REQUESTED'>[],
): RunDecision[] {
  const fresh = new Map<string, DataOf<'EFFECT_REQUESTED'>>()
  for (const data of wanted) {
    const known = effects.get(data.effectId)
    if (known !== undefined) {
      if (!isSame(known, data, REQUESTED_MEMBERS))
        throw refusal(run, `the effect ${data.effectId} was requested before, otherwise`, known)
    } else if (fresh.has(data.effectId)) {
      throw refusal(run, `the effect ${data.effectId} is requested twice in one command`)
    } else fresh.set(data.effectId, data)
  }
  if (fresh.size > 0) requireOpen(run)
  return [...fresh.values()].map((data) => ({ type: 'EFFECT_REQUESTED', data }))
}

const RESOLVED_MEMBERS = [
  'result',
  'resultRef',
  'error',
  'stdoutRef',
  'stderrRef',
  'startedAt',
  'finishedAt',
] as const

function resolveEffect(state: CreatedRun, { data, mayApprove }: CommandOf<'resolve-effect'>): RunDecision[] {
  const known = state.effects.get(data.effectId)
  if (known?.kind === BREAKPOINT && mayApprove !== true)
    throw new DaybookError(
      'forbidden',
      `The effect ${data.effectId} waits for a person: to decide about it needs the scope approve (POST /v1/approvals).`,
      { details: { scope: 'approve' } },
    )
  const isRepeated = known?.status === `resolved_${data.status}` && isSame(known, data, RESOLVED_MEMBERS)
  if (isRepeated) return []
  requirePending(state, data.effectId)
  const key = known?.kind === BREAKPOINT ? decisionKeyOf(data.effectId) : undefined
  return [{ type: 'EFFECT_RESOLVED', data, ...(key !== undefined && { key }) }]
}

function reportProgress(state: CreatedRun, data: DataOf<'EFFECT_PROGRESS'>): RunDecision[] {
  requirePending(state, data.effectId)
  return [{ type: 'EFFECT_PROGRESS', data }]
}

function cancelEffect(state: CreatedRun, data: DataOf<'EFFECT_CANCELLED'>): RunDecision[] {
  if (state.effects.get(data.effectId)?.status === 'cancelled') return []
  requirePending(state, data.effectId)
  return [{ type: 'EFFECT_CANCELLED', data }]
}

function requirePending({ run, effects }: CreatedRun, effectId: string): void {
  requireOpen(run)
  const effect = effects.get(effectId)
  if (effect === undefined) throw refusal(run, `the effect ${effectId} was never requested`)
  if (effect.status !== 'requested')
    throw refusal(run, `the effect ${effectId} is ${effect.status} already`, effect)
}

function complete(run: RunSummary, data: DataOf<'RUN_COMPLETED'>): RunDecision[] {
  if (run.status === 'completed' && isSame(run, data, ['output', 'outputRef'])) return []
  requireOpen(run)
  return [{ type: 'RUN_COMPLETED', data }]
}

function fail(run: RunSummary, data: DataOf<'RUN_FAILED'>): RunDecision[] {
  if (run.status === 'failed' && isSame(run, data, ['error'])) return []
  requireOpen(run)
  return [{ type: 'RUN_FAILED', data }]
}

/**
 * Whoever runs the process learns of the wish first, and ends the run when it is ready (`now`). A run that waits, or has
 * asked for nothing yet, has nobody at work on it and is cancelled at once. Somebody may be about to go on with it all the
 * same: what he appends expects the seq that he knows, and is refused.
 */
function cancel(run: RunSummary, { data, now }: CommandOf<'cancel'>): RunDecision[] {
  if (run.status === 'cancelled') return []
  requireOpen(run)
  const wish: RunDecision[] =
    run.cancelRequestedAt === undefined ? [{ type: 'RUN_CANCEL_REQUESTED', data }] : []
  const isAtRest = run.status === 'created' || run.status === 'waiting'
  return now === true || isAtRest ? [...wish, { type: 'RUN_CANCELLED', data }] : wish
}

function requireOpen(run: RunSummary): void {
  if (run.endedAt !== undefined) throw refusal(run, `it ended at ${run.endedAt}`)
}

type Named<Name extends string> = { readonly [K in Name]?: JsonValue }

/** Whether both have the same under these names: the same JSON, or nothing. */
function isSame<Name extends string>(left: Named<Name>, right: Named<Name>, names: readonly Name[]): boolean {
  return names.every((name) => textOf(left[name]) === textOf(right[name]))
}

function textOf(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value)
}
