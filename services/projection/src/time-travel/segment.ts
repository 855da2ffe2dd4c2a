import type { Effect, JournalEvent, RunSummary } from '@daybook/events'
import { type Touch, touchOf } from './touch.ts'
import { passEvent, type TrackedRun, withoutPayloads } from './tracked-run.ts'

/** What a stretch of the events of a run made of it. */
export interface Segment {
  afterSeq: number
  seq: number
  position: number
  hash: string
  /** The run after the last event of the stretch. */
  run: RunSummary
  /** The effects that the stretch changed, as of its end. */
  touched: Touch[]
  /** Those of them that are noted, without their payloads. */
  noted: Effect[]
}

/** So many events are read and folded in some 5 ms: what a read has to do at most when the segments before are there. */
export const SEGMENT_EVENTS = 256
/** With large payloads the bytes are what takes the time. */
const SEGMENT_BYTES = 1024 * 1024
/** Of an event besides its payload, as the journal's reader counts it. */
const ENVELOPE_BYTES = 1_024

/** Cuts the events of a run into segments. It holds no payloads, however many events go through. */
export class Segmenter {
  readonly #tracked: TrackedRun
  readonly #eventsMax: number
  #afterSeq: number
  #bytes = 0

  /** `tracked` is where it begins; its `touched` must be empty. */
  constructor(tracked: TrackedRun, eventsMax: number = SEGMENT_EVENTS) {
    this.#tracked = tracked
    this.#eventsMax = eventsMax
    this.#afterSeq = tracked.seq
  }

  get tracked(): TrackedRun {
    return this.#tracked
  }

  /** Takes the next event. Answers the segment of which it is the last one. */
  take(event: JournalEvent): Segment | undefined {
    const changed = passEvent(this.#tracked, event)
    if (changed !== undefined) changed.effect = withoutPayloads(changed.effect)
    this.#bytes += JSON.stringify(event.data).length + ENVELOPE_BYTES
    const events = event.seq - this.#afterSeq
    return events < this.#eventsMax && this.#bytes < SEGMENT_BYTES ? undefined : this.#end(event)
  }

  #end({ seq, position, hash }: JournalEvent): Segment | undefined {
    const { run, effects, touched } = this.#tracked
    const changed = [...touched].flatMap((effectId) => effects.get(effectId) ?? [])
    const segment = run && {
      afterSeq: this.#afterSeq,
      seq,
      position,
      hash,
      run,
      touched: changed.map(touchOf),
      noted: changed.flatMap(({ effect, isNoted }) => (isNoted ? [effect] : [])),
    }
    touched.clear()
    this.#afterSeq = seq
    this.#bytes = 0
    return segment
  }
}

/** Which stretch a stored segment is of. */
export interface Stretch {
  afterSeq: number
  seq: number
}

/**
 * The segments, in the order of their ends, that follow one another from the first event on. What comes after a missing
 * one is not used: nobody knows what the missing one changed.
 */
export function unbroken<S extends Stretch>(stored: readonly S[]): S[] {
  const chain: S[] = []
  for (const segment of stored) {
    if (segment.afterSeq === (chain.at(-1)?.seq ?? 0)) chain.push(segment)
  }
  return chain
}
