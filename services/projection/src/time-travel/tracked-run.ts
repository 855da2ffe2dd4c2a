import {
  type Effect,
  effectIdOf,
  evolveRun,
  type JournalEvent,
  type RunSummary,
  upcastEvent,
} from '@daybook/events'

/** An effect while the events of its run are gone through. */
export interface TrackedEffect {
  effect: Effect
  /** Whether anything but its request and its result or cancellation made it what it is. */
  isNoted: boolean
}

/** A run as of one of its events, with those of its effects that were met on the way or were looked up. */
export interface TrackedRun {
  /** 0 before the first event. */
  seq: number
  run: RunSummary | undefined
  readonly effects: Map<string, TrackedEffect>
  /** Those that events changed since the beginning of the way. */
  readonly touched: Set<string>
}

/**
 * One event on; by the same step as everywhere. The effect that it names has to be there, if the run has it. Answers the
 * effect that it changed.
 */
export function passEvent(tracked: TrackedRun, recorded: JournalEvent): TrackedEffect | undefined {
  const event = upcastEvent(recorded)
  const effectId = effectIdOf(event)
  const before = effectId === undefined ? undefined : tracked.effects.get(effectId)
  const { run, effect } = evolveRun({ run: tracked.run, effect: before?.effect }, event)
  tracked.seq = event.seq
  tracked.run = run
  if (effectId === undefined || effect === undefined || effect === before?.effect) return undefined
  const isOwn = event.seq === effect.requestedSeq || event.seq === effect.resolvedSeq
  const changed = { effect, isNoted: before?.isNoted === true || !isOwn }
  tracked.effects.set(effectId, changed)
  tracked.touched.add(effectId)
  return changed
}

/** Which effects the events name that are not known yet. */
export function unknownEffects({ effects }: TrackedRun, events: readonly JournalEvent[]): string[] {
  const named = events.flatMap((event) => effectIdOf(upcastEvent(event)) ?? [])
  return [...new Set(named)].filter((effectId) => !effects.has(effectId))
}

/** An effect without what can be large, which is in the events of its request and its result anyway. */
export function withoutPayloads(effect: Effect): Effect {
  const { taskDef: _taskDef, inputs: _inputs, result: _result, error: _error, ...rest } = effect
  return rest
}
