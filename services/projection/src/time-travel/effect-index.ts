import { listTouched } from '../store/state-segments.ts'
import type { History } from './history.ts'
import type { Stretch } from './segment.ts'
import type { Touch } from './touch.ts'

/** What is known of an effect at the end of a segment. */
export interface FoundTouch extends Touch {
  /** The end of the last segment that changed it. */
  segmentSeq: number
}

/** What is asked for lies in the last segments mostly: few of them first, and then more and more at a time. */
const FIRST_BATCH = 4
const BATCH_GROWTH = 4

/** Which effects a run had at the end of a segment: found by going back from there, segment by segment, as far as needed. */
export class EffectIndex {
  readonly found = new Map<string, FoundTouch>()
  readonly #history: History
  /** Newest first. */
  readonly #left: Stretch[]
  #batch = FIRST_BATCH

  /** `seq` is the end of one of the segments, or 0. */
  constructor(history: History, seq: number) {
    this.#history = history
    this.#left = history.segments.filter((segment) => segment.seq <= seq).toReversed()
  }

  /** The effects with these ids; those that did not exist are left out. */
  async find(effectIds: readonly string[]): Promise<FoundTouch[]> {
    await this.goBack(() => effectIds.every((effectId) => this.found.has(effectId)))
    return effectIds.flatMap((effectId) => this.found.get(effectId) ?? [])
  }

  /** Goes back until it is enough, or to the beginning. Told up to which seq it was not looked yet; 0 at the end. */
  async goBack(isEnough: (leftSeq: number) => boolean): Promise<void> {
    while (!isEnough(this.#left[0]?.seq ?? 0) && this.#left.length > 0) {
      const batch = this.#left.splice(0, this.#batch)
      this.#batch *= BATCH_GROWTH
      await this.#look(batch.map(({ seq }) => seq))
    }
  }

  async #look(seqs: readonly number[]): Promise<void> {
    const { trx, key } = this.#history
    for (const { seq: segmentSeq, touched } of await listTouched(trx, key, seqs)) {
      for (const touch of touched) {
        // A later segment knows more.
        if (!this.found.has(touch.effectId)) this.found.set(touch.effectId, { ...touch, segmentSeq })
      }
    }
  }
}
