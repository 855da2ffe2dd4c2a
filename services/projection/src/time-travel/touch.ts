import { type Effect, evolveRun, type JournalEvent, type RunSummary, upcastEvent } from '@daybook/events'
import type { TrackedEffect } from './tracked-run.ts'

/** Where an effect comes from: the event that requested it, and the one that settled it, if one did. */
export interface Touch {
  effectId: string
  requestedSeq: number
  resolvedSeq: number | undefined
  /** Whether other events told something of it, so that these two are not enough. */
  isNoted: boolean
}

/** The touch of an effect. */
export function touchOf({ effect, isNoted }: TrackedEffect): Touch {
  const { effectId, requestedSeq, resolvedSeq } = effect
  return { effectId, requestedSeq, resolvedSeq, isNoted }
}

/** The events that an effect is made of. */
export function seqsOf({ requestedSeq, resolvedSeq }: Touch): number[] {
  return resolvedSeq === undefined ? [requestedSeq] : [requestedSeq, resolvedSeq]
}

/**
 * An effect made of its own events, with what others told of it. `run` is its run at any time after its creation.
 * Undefined if its request is not among the events.
 */
export function effectFrom(
  touch: Touch,
  { run, events, noted }: { run: RunSummary; events: ReadonlyMap<number, JournalEvent>; noted?: Effect },
): Effect | undefined {
  // Its events were found to be allowed when they were met; an end of the run that came later must not forbid them.
  const { endedAt: _endedAt, ...open } = run
  let effect: Effect | undefined
  for (const seq of seqsOf(touch)) {
    const event = events.get(seq)
    if (event !== undefined) ({ effect } = evolveRun({ run: open, effect }, upcastEvent(event)))
  }
  return effect && { ...effect, ...noted }
}
