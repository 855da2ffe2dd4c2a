import type { JournalEvent } from '../envelope.ts'
import type { Effect, RunSummary } from './summary.ts'

/** What an event meets: its run, and the effect that it names. */
export interface RunState {
  run: RunSummary | undefined
  effect: Effect | undefined
}

/** These only tell something; nothing follows from them, so they may come at any time after the beginning. */
const INFORMATIVE: ReadonlySet<string> = new Set([
  'PROCESS_LOG',
  'STOP_HOOK_INVOKED',
  'SESSION_END_HOOK_INVOKED',
  'COST_TRACKED',
  'EFFECT_PROGRESS',
  'FOREIGN_EVENT',
])

/** The id of the effect that an event is about, if it names one. */
export function effectIdOf(event: Pick<JournalEvent, 'data'>): string | undefined {
  const { effectId } = event.data
  return typeof effectId === 'string' && effectId !== '' ? effectId : undefined
}

/** Why the state does not allow an event; undefined when it does. */
export function findTransitionFault(state: RunState, event: JournalEvent): string | undefined {
  // Nothing follows from these either, and they tell of whatever came before them, also when the beginning is missing.
  if (event.type === 'RUN_PAYLOADS_ERASED' || event.type === 'RUN_DAMAGED') return undefined
  const isBorn = state.run !== undefined && state.run.processId !== ''
  if (event.type === 'RUN_CREATED') return isBorn ? 'the run was created before' : undefined
  if (!isBorn) return `${event.type} came before RUN_CREATED`
  if (INFORMATIVE.has(event.type)) return undefined
  if (state.run?.endedAt !== undefined) return `${event.type} came after the run was ${state.run.status}`
  // Which effect is meant, its payload said.
  if (event.erased !== undefined) return undefined
  return findEffectFault(state, event)
}

function findEffectFault({ run, effect }: RunState, event: JournalEvent): string | undefined {
  switch (event.type) {
    case 'EFFECT_REQUESTED':
      if (effect !== undefined) return 'the effect was requested before'
      return effectIdOf(event) === undefined ? 'the event names no effect' : undefined
    case 'EFFECT_RESOLVED':
    case 'EFFECT_CANCELLED':
      // Its request may be one of those whose payload was erased.
      if (effect === undefined && run?.erasedTotal !== undefined) return undefined
      if (effect === undefined) return 'the effect was never requested'
      return effect.status === 'requested' ? undefined : `the effect is ${effect.status} already`
    default:
      return undefined
  }
}
