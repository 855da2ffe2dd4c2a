import { LeastRecentlyUsed } from '@daybook/runtime'

/** Work that is due, for one worker at a time: as the read model had it after the event `seq` of its stream. */
export interface DueWork {
  readonly seq: number
}

/** How work that is due is told apart, and who asks for it. `Known` is what is known of work without the read model. */
export interface WorkNames<Filter, Head extends DueWork, Known extends Head> {
  /** Of all that is given to one at a time. */
  readonly nameOf: (head: Head) => string
  readonly nameOfFilter: (filter: Filter) => string
  /** Whether a filter asks for it. */
  readonly isMeant: (head: Known, filter: Filter) => boolean
}

/** What the last look at the read model found for a filter. */
interface Looked<Head> {
  readonly atMs: number
  /** Whether nothing was due that it did not find. */
  readonly isAll: boolean
  /** What nobody wanted yet, oldest first. */
  readonly left: Head[]
}

/** Whom work is left out for: until the read model has that event of its stream, and until when at most. */
interface Reserved {
  readonly seq: number
  readonly untilMs: number
}

/** What was found that long ago, others have probably taken. */
const FOUND_MS = 500
/** What is known here before the read model tells of it: that of some seconds. */
const KNOWN_MAX = 10_000
const FILTERS_MAX = 1_000
/** By then the read model is past what was done, or nothing came of it. */
const DONE_MS = 10_000
/** Soon enough for whoever waits, and no tight loop while the read model is behind. */
const IN_VAIN_MS = 100

/**
 * What this instance could hand out without a look at the read model, and what it has handed out.
 *
 * R1 What has one name is given to one at a time. What was taken is left out until the read model has seen what became of it.
 * R2 What the read model said comes first, oldest first. What this instance has just made due itself is younger, and comes
 *    only when nothing else may be due: a backlog is not overtaken by what is new.
 */
export class ReadyWork<Filter, Head extends DueWork, Known extends Head> {
  readonly #names: WorkNames<Filter, Head, Known>
  readonly #known = new LeastRecentlyUsed<Known>(KNOWN_MAX)
  readonly #reserved = new Map<string, Reserved>()
  readonly #looked = new LeastRecentlyUsed<Looked<Head>>(FILTERS_MAX)

  constructor(names: WorkNames<Filter, Head, Known>) {
    this.#names = names
  }

  /** At most so many that are free of all that is due; none if there may be some that are not known here. */
  next(filter: Filter, count: number): Head[] {
    const looked = this.#looked.get(this.#names.nameOfFilter(filter))
    if (looked === undefined) return []
    if (performance.now() - looked.atMs > FOUND_MS) looked.left.length = 0
    const found: Head[] = []
    while (found.length < count && looked.left.length > 0) {
      const head = looked.left.shift()
      if (head !== undefined && this.isFree(head)) found.push(head)
    }
    if (found.length > 0 || this.mayMiss(filter)) return found
    const isOffered = (head: Known) => this.#names.isMeant(head, filter) && this.isFree(head)
    return this.#known.values().filter(isOffered).take(count).toArray()
  }

  /** Whether something may have been due for longer than what is known here. R2 */
  mayMiss(filter: Filter): boolean {
    const looked = this.#looked.get(this.#names.nameOfFilter(filter))
    return looked === undefined || !looked.isAll || looked.left.length > 0
  }

  /** How long ago the last look was that found all there was. */
  sinceAllMs(filter: Filter): number {
    const looked = this.#looked.get(this.#names.nameOfFilter(filter))
    return looked?.isAll === true ? performance.now() - looked.atMs : Number.POSITIVE_INFINITY
  }

  /** How many may be in the read model and are not to be given out. */
  get reserved(): number {
    const nowMs = performance.now()
    for (const [name, { untilMs }] of this.#reserved) if (untilMs < nowMs) this.#reserved.delete(name)
    return this.#reserved.size
  }

  /** Tells what a look found that asked for so many. */
  keepFound(filter: Filter, found: readonly Head[], asked: number): void {
    const isAll = found.length < asked
    this.#looked.set(this.#names.nameOfFilter(filter), { atMs: performance.now(), isAll, left: [...found] })
  }

  keepKnown(head: Known): void {
    this.#known.set(this.#names.nameOf(head), head)
  }

  forgetKnown(name: string): void {
    this.#known.delete(name)
  }

  /** R1 */
  isFree(head: Head): boolean {
    return head.seq >= (this.#reserved.get(this.#names.nameOf(head))?.seq ?? 0)
  }

  /** R1, until `done` or `inVain`. */
  take(head: Head): void {
    this.#known.delete(this.#names.nameOf(head))
    this.#reserve(head, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /** After that event it is anybody's again. */
  done(head: Head, seq: number): void {
    this.#reserve(head, seq, DONE_MS)
  }

  /** What was looked up is older than the journal. */
  inVain(head: Head): void {
    this.#reserve(head, head.seq + 1, IN_VAIN_MS)
  }

  #reserve(head: Head, seq: number, forMs: number): void {
    this.#reserved.set(this.#names.nameOf(head), { seq, untilMs: performance.now() + forMs })
  }
}
