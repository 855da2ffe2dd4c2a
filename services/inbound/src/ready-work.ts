import { LeastRecentlyUsed } from '@daybook/runtime'
import type { DueHead } from './due-heads.ts'
import type { Head, WorkFilter } from './heads.ts'

/** What the last look at the read model found for a filter. */
interface Looked {
  readonly atMs: number
  /** Whether nothing was due that it did not find. */
  readonly isAll: boolean
  /** What nobody wanted yet, oldest first. */
  readonly left: Head[]
}

/** Whom a conversation is left out for: until the read model has that event of it, and until when at most. */
interface Reserved {
  readonly seq: number
  readonly untilMs: number
}

/** What was found that long ago, others have probably taken. */
const FOUND_MS = 500
/** Conversations whose turn is known here before the read model tells: those of some seconds. */
const KNOWN_MAX = 10_000
const FILTERS_MAX = 1_000
/** By then the read model is past what was done, or nothing came of it. */
const DONE_MS = 10_000
/** Soon enough for whoever waits, and no tight loop while the read model is behind. */
const IN_VAIN_MS = 100

/**
 * What this instance could hand out without a look at the read model, and what it has handed out.
 *
 * R1 A conversation is given to one at a time. What was taken is left out until the read model has seen what became of it.
 * R2 What the read model said comes first, oldest first. What this instance has just made due itself is younger, and comes
 *    only when nothing else may be due: a backlog is not overtaken by what is new.
 */
export class ReadyWork {
  readonly #known = new LeastRecentlyUsed<DueHead>(KNOWN_MAX)
  readonly #reserved = new Map<string, Reserved>()
  readonly #looked = new LeastRecentlyUsed<Looked>(FILTERS_MAX)

  /** At most so many that are free of all that is due; none if there may be some that are not known here. */
  next(filter: WorkFilter, count: number): Head[] {
    const looked = this.#looked.get(nameOfFilter(filter))
    if (looked === undefined) return []
    if (performance.now() - looked.atMs > FOUND_MS) looked.left.length = 0
    const found: Head[] = []
    while (found.length < count && looked.left.length > 0) {
      const head = looked.left.shift()
      if (head !== undefined && this.isFree(head)) found.push(head)
    }
    if (found.length > 0 || this.mayMiss(filter)) return found
    const isOffered = (head: DueHead) => isMeant(head, filter) && this.isFree(head)
    return this.#known.values().filter(isOffered).take(count).toArray()
  }

  /** Whether something may have been due for longer than what is known here. R2 */
  mayMiss(filter: WorkFilter): boolean {
    const looked = this.#looked.get(nameOfFilter(filter))
    return looked === undefined || !looked.isAll || looked.left.length > 0
  }

  /** How long ago the last look was that found all there was. */
  sinceAllMs(filter: WorkFilter): number {
    const looked = this.#looked.get(nameOfFilter(filter))
    return looked?.isAll === true ? performance.now() - looked.atMs : Number.POSITIVE_INFINITY
  }

  /** How many may be in the read model and are not to be given out. */
  get reserved(): number {
    const nowMs = performance.now()
    for (const [name, { untilMs }] of this.#reserved) if (untilMs < nowMs) this.#reserved.delete(name)
    return this.#reserved.size
  }

  /** Tells what a look found that asked for so many. */
  keepFound(filter: WorkFilter, found: readonly Head[], asked: number): void {
    const isAll = found.length < asked
    this.#looked.set(nameOfFilter(filter), { atMs: performance.now(), isAll, left: [...found] })
  }

  keepKnown(head: DueHead): void {
    this.#known.set(nameOfLane(head), head)
  }

  forgetKnown({ tenant, lane }: Pick<Head, 'tenant' | 'lane'>): void {
    for (const work of ['messages', 'replies'] as const)
      this.#known.delete(nameOfLane({ tenant, lane, work }))
  }

  /** R1 */
  isFree(head: Head): boolean {
    return head.seq >= (this.#reserved.get(nameOfLane(head))?.seq ?? 0)
  }

  /** R1, until `done` or `inVain`. */
  take(head: Head): void {
    this.#known.delete(nameOfLane(head))
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
    this.#reserved.set(nameOfLane(head), { seq, untilMs: performance.now() + forMs })
  }
}

/** Whether a filter asks for a head. */
export function isMeant(head: DueHead, { tenant, work, source, account }: WorkFilter): boolean {
  return (
    head.tenant === tenant &&
    head.work === work &&
    (source === undefined || head.source === source) &&
    (account === undefined || head.account === account)
  )
}

export function nameOfFilter({ tenant, work, source = '*', account = '*' }: WorkFilter): string {
  return `${work} ${tenant} ${source} ${account}`
}

function nameOfLane({ work, tenant, lane }: Pick<Head, 'work' | 'tenant' | 'lane'>): string {
  return `${work} ${tenant} ${lane}`
}
