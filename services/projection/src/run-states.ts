import {
  type Effect,
  effectIdOf,
  evolveRun,
  type JournalEvent,
  parseStream,
  type RunSummary,
} from '@daybook/events'

/** Which run; ids of runs are unique within a tenant. */
export interface RunKey {
  tenant: string
  runId: string
}

/** Which effect of which run. */
export interface EffectKey extends RunKey {
  effectId: string
}

/** Runs and effects by the names of their keys. */
export interface RunStates {
  runs: Map<string, RunKey & { run: RunSummary }>
  effects: Map<string, EffectKey & { effect: Effect }>
}

/** The key of a map. No text of an event can hold a NUL, so two keys never make the same name. */
export function nameOf(key: RunKey | EffectKey): string {
  return [key.tenant, key.runId, 'effectId' in key ? key.effectId : ''].join('\u0000')
}

/** The run whose stream the event is in. */
export function runKeyOf(event: JournalEvent): RunKey {
  return { tenant: event.tenant, runId: parseStream(event.stream).id }
}

/** The effect that the event names, if it names one. */
export function effectKeyOf(event: JournalEvent): EffectKey | undefined {
  const effectId = effectIdOf(event)
  return effectId === undefined ? undefined : { ...runKeyOf(event), effectId }
}

/**
 * What the events make of the states that were stored: the runs and effects to be written back. The same pure step as
 * everywhere (`evolveRun`), so the read model is a fold of the journal and nothing else.
 */
export function evolveStates(stored: RunStates, events: Iterable<JournalEvent>): RunStates {
  const changed: RunStates = { runs: new Map(), effects: new Map() }
  for (const event of events) {
    const runKey = runKeyOf(event)
    const effectKey = effectKeyOf(event)
    const runName = nameOf(runKey)
    const effectName = effectKey === undefined ? '' : nameOf(effectKey)
    const { run, effect } = evolveRun(
      {
        run: (changed.runs.get(runName) ?? stored.runs.get(runName))?.run,
        effect: (changed.effects.get(effectName) ?? stored.effects.get(effectName))?.effect,
      },
      event,
    )
    if (run !== undefined) changed.runs.set(runName, { ...runKey, run })
    if (effect !== undefined && effectKey !== undefined)
      changed.effects.set(effectName, { ...effectKey, effect })
  }
  return changed
}
