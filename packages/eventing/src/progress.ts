/** Where something was, and when. */
export interface Sample {
  position: number
  atMs: number
}

/** Long enough that one slow batch does not make the rate jump, short enough to follow a change. */
const WINDOW_MS = 10_000

/** How fast a position grows, over the last ten seconds or so. Pure but for what it is told. */
export class Pace {
  #samples: Sample[] = []

  /** Positions never go back but when everything begins anew; then so does the pace. */
  add(sample: Sample): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && sample.position < last.position) this.#samples = []
    const since = sample.atMs - WINDOW_MS
    // The newest of those that are too old stays: it is where the window begins.
    while ((this.#samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= since) this.#samples.shift()
    this.#samples.push(sample)
  }

  /** Null until there are two samples at different times. */
  get perSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null
    return ((last.position - first.position) * 1_000) / (last.atMs - first.atMs)
  }
}

/** Seconds until `head` is reached at this pace, rounded up; null if it is not known, or never. */
export function etaSeconds(position: number, head: number, perSecond: number | null): number | null {
  if (position >= head) return 0
  return perSecond === null || perSecond <= 0 ? null : Math.ceil((head - position) / perSecond)
}
