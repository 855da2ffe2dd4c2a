import type { JournalEvent } from '../envelope.ts'
import { addCost } from './costs.ts'
import { damageOf } from './damaged.ts'
import { addWork, keepTime } from './durations.ts'
import { noteEffect, requestEffect, settleEffect } from './evolve-effect.ts'
import { countPending, pend, settleUnknown } from './pending.ts'
import { members, objectOf, texts } from './read.ts'
import type { RunStatus, RunSummary } from './summary.ts'
import { findTransitionFault, type RunState } from './transition.ts'

/** More faults than this say nothing new; they are only counted. */
const FAULTS_KEPT_MAX = 100

/**
 * The state after an event. Pure, and total: it never throws, whatever an import brought in. It touches only the run and
 * the one effect that the event names, so that a projection can load just these. What the state does not allow is added
 * to `faults` and changes nothing else; seq, last event and `updatedAt` go on. Events of other streams change nothing.
 * An event whose payload was erased counts by its type alone.
 */
export function evolveRun(state: RunState, event: JournalEvent): RunState {
  if (!event.stream.startsWith('run/')) return state
  const run = advance(state.run ?? unborn(event), event)
  const fault = findTransitionFault(state, event)
  if (fault !== undefined) return { run: flag(run, event, fault), effect: state.effect }
  const after =
    event.erased === undefined
      ? apply({ run, effect: state.effect }, event)
      : { run: applyErased(run, event), effect: state.effect }
  return { run: keepTime(state.run, after.run), effect: after.effect }
}

interface BornState extends RunState {
  run: RunSummary
}

function apply({ run, effect }: BornState, event: JournalEvent): BornState {
  switch (event.type) {
    case 'RUN_CREATED':
      return { run: create(run, event), effect }
    case 'PROCESS_ASSIGNED':
      return { run: { ...run, ...processOf(event, run) }, effect }
    case 'EFFECT_REQUESTED': {
      const requested = requestEffect(run, event)
      return { run: countPending(run, requested.kind, 1), effect: requested }
    }
    case 'EFFECT_RESOLVED':
    case 'EFFECT_CANCELLED': {
      if (effect === undefined) return { run: settleUnknown(run), effect }
      const settled = settleEffect(effect, event)
      return { run: addWork(countPending(run, effect.kind, -1), settled), effect: settled }
    }
    case 'COST_TRACKED':
      return {
        run: { ...run, costs: addCost(run.costs, event.data) },
        effect: effect && noteEffect(effect, event),
      }
    case 'EFFECT_PROGRESS':
      return { run, effect: effect && noteEffect(effect, event) }
    case 'RUN_COMPLETED':
      return { run: { ...end(run, 'completed', event), ...outputOf(event) }, effect }
    case 'RUN_FAILED':
      return { run: { ...end(run, 'failed', event), ...members(event.data, ['error']) }, effect }
    case 'RUN_CANCELLED':
      return { run: end(run, 'cancelled', event), effect }
    case 'RUN_CANCEL_REQUESTED':
      return { run: { ...run, cancelRequestedAt: run.cancelRequestedAt ?? event.occurredAt }, effect }
    case 'RUN_DAMAGED':
      return { run: { ...run, ...damageOf(event.data) }, effect }
    default:
      return { run, effect }
  }
}

/** The type of an event says what became of the run; what the payload said is gone, and with it which effect it was. */
function applyErased(before: RunSummary, event: JournalEvent): RunSummary {
  const run = { ...before, erasedTotal: (before.erasedTotal ?? 0) + 1 }
  switch (event.type) {
    case 'RUN_CREATED':
      return create(run, event)
    case 'EFFECT_REQUESTED':
      return pend({ ...run, effectsTotal: run.effectsTotal + 1 }, 1)
    case 'EFFECT_RESOLVED':
    case 'EFFECT_CANCELLED':
      return settleUnknown(run)
    case 'RUN_COMPLETED':
      return end(run, 'completed', event)
    case 'RUN_FAILED':
      return end(run, 'failed', event)
    case 'RUN_CANCELLED':
      return end(run, 'cancelled', event)
    case 'RUN_CANCEL_REQUESTED':
      return { ...run, cancelRequestedAt: run.cancelRequestedAt ?? event.occurredAt }
    default:
      return run
  }
}

/** A run of which only later events are known, as after a damaged import. */
function unborn(event: JournalEvent): RunSummary {
  return {
    runId: event.stream.slice('run/'.length),
    status: 'created',
    processId: '',
    entrypoint: { importPath: '', exportName: '' },
    effectsTotal: 0,
    effectsPending: 0,
    pendingByKind: {},
    createdAt: event.occurredAt,
    updatedAt: event.occurredAt,
    lastSeq: event.seq,
    lastEventId: event.id,
    lastEventType: event.type,
    faults: [],
    faultsTotal: 0,
  }
}

function advance(run: RunSummary, event: JournalEvent): RunSummary {
  return {
    ...run,
    lastSeq: event.seq,
    lastEventId: event.id,
    lastEventType: event.type,
    updatedAt: event.occurredAt,
  }
}

function flag(run: RunSummary, event: JournalEvent, detail: string): RunSummary {
  const faultsTotal = run.faultsTotal + 1
  if (run.faults.length >= FAULTS_KEPT_MAX) return { ...run, faultsTotal }
  const fault = { seq: event.seq, eventId: event.id, code: 'invalid-transition' as const, detail }
  return { ...run, faultsTotal, faults: [...run.faults, fault] }
}

function create(run: RunSummary, event: JournalEvent): RunSummary {
  const nested = objectOf(event.data, 'nested')
  const origin = {
    ...texts(nested, ['sessionId', 'parentRunId']),
    ...texts(event.data, ['sessionId', 'parentRunId']),
  }
  return { ...run, ...processOf(event, run), ...origin, createdAt: event.occurredAt }
}

function processOf(event: JournalEvent, run: RunSummary): Pick<RunSummary, 'processId' | 'entrypoint'> {
  const { processId, ...revision } = texts(event.data, ['processId', 'processRevision'])
  const entrypoint = {
    ...run.entrypoint,
    ...texts(objectOf(event.data, 'entrypoint'), ['importPath', 'exportName']),
  }
  // Without a name the run would count as not created, and everything after would be flagged.
  return { ...revision, processId: processId || run.processId || 'unknown', entrypoint }
}

function end(run: RunSummary, status: RunStatus, event: JournalEvent): RunSummary {
  return { ...run, status, endedAt: event.occurredAt }
}

function outputOf(event: JournalEvent): Pick<RunSummary, 'output' | 'outputRef'> {
  return { ...members(event.data, ['output']), ...texts(event.data, ['outputRef']) }
}
