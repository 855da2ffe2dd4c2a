import type { Logger } from '@daybook/runtime'
import { type DueWork, ReadyWork, type WorkNames } from './ready-work.ts'

/** Work that one caller of this instance may try to claim; the others are not given it meanwhile. */
export interface Taken<Head> {
  readonly head: Head
  /** To be told when something was done: after which event of its stream it is anybody's again. */
  done(seq: number): void
  /** To be told when there was nothing to do: what was looked up is older than the journal. */
  inVain(): void
}

/** Who wants work. */
export interface Seeker<Filter> {
  readonly filter: Filter
  /** So much at most. */
  readonly count: number
  /** On the process's monotonic clock (`performance.now()`); past: one look and no waiting. */
  readonly untilMs: number
  /** Aborted when there is nobody to wait for. */
  readonly signal?: AbortSignal | undefined
}

/** Hands out due work to the callers of this instance. */
export interface WorkFinder<Filter, Head extends DueWork, Known extends Head> extends AsyncDisposable {
  /** Answers as soon as there is something; none when nothing came in time, or when the signal aborts. */
  find(seeker: Seeker<Filter>): Promise<Taken<Head>[]>
  /** Something may be due that was not before. */
  wake(): void
  /**
   * What this instance has just made due, before the read model tells of it, in place of what was known under those names.
   * Answers what nobody here was waiting for.
   */
  know(names: Iterable<string>, due: readonly Known[]): Known[]
}

/** Which work there is, and where it is found. */
export interface FinderParts<Filter, Head extends DueWork, Known extends Head>
  extends WorkNames<Filter, Head, Known> {
  /** What is due by the read model, oldest first; so much at most. */
  readonly due: (filter: Filter, limit: number) => Promise<Head[]>
  readonly logger: Logger
}

interface Waiting<Filter, Head> extends Seeker<Filter> {
  readonly resolve: (taken: Taken<Head>[]) => void
}

/** A signal that got lost delays work by this much; a look is one walk down an index for each kind of seeker. */
const POLL_MS = 1_000
/** Two looks in less time see hardly anything more. */
const SPACING_MS = 2
/** A backlog is read so many at a time, since each look costs as much as a claim. */
const READ_AHEAD = 64
/** Who waits anyway waits so much longer, so that a busy read model is not asked at each of its steps. */
const DATABASE_SPACING_MS = 15

/**
 * 1. All seekers of an instance share one look at a time for each filter; those that come during one wait for the next.
 * 2. What has one name is given to one seeker at a time, so n of them get n different ones and do not run into each other.
 * 3. Nobody waits, nobody looks.
 * 4. All this is a matter of speed: who may have what is decided by the journal.
 */
class Finder<Filter, Head extends DueWork, Known extends Head> implements WorkFinder<Filter, Head, Known> {
  readonly #parts: FinderParts<Filter, Head, Known>
  readonly #ready: ReadyWork<Filter, Head, Known>
  readonly #waiting = new Set<Waiting<Filter, Head>>()
  readonly #poll: NodeJS.Timeout
  #later: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false

  constructor(parts: FinderParts<Filter, Head, Known>) {
    this.#parts = parts
    this.#ready = new ReadyWork(parts)
    this.#poll = setInterval(() => this.wake(), POLL_MS)
    this.#poll.unref()
  }

  find(seeker: Seeker<Filter>): Promise<Taken<Head>[]> {
    const { promise, resolve } = Promise.withResolvers<Taken<Head>[]>()
    const { signal } = seeker
    if (signal?.aborted === true) return Promise.resolve([])
    const waiting = { ...seeker, resolve }
    const leave = () => this.#answer(waiting, [])
    const leftMs = seeker.untilMs - performance.now()
    const timer = leftMs > 0 ? setTimeout(leave, leftMs) : undefined
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting.add(waiting)
    if (!this.#serve(waiting)) this.wake()
    return promise.finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    })
  }

  wake(): void {
    if (this.#waiting.size === 0) return // 3
    this.#lookAgain = true
    this.#looking ??= this.#lookUntilQuiet()
  }

  know(names: Iterable<string>, due: readonly Known[]): Known[] {
    for (const name of names) this.#ready.forgetKnown(name)
    return due.filter((head) => {
      if (this.#handOver(head)) return false
      this.#ready.keepKnown(head)
      return true
    })
  }

  #handOver(head: Known): boolean {
    if (!this.#ready.isFree(head)) return false
    for (const seeker of this.#waiting) {
      if (!this.#parts.isMeant(head, seeker.filter) || this.#ready.mayMiss(seeker.filter)) continue
      this.#answer(seeker, [head])
      return true
    }
    return false
  }

  /** Whether there was something for the seeker without a look at the read model. */
  #serve(seeker: Waiting<Filter, Head>): boolean {
    if (!this.#waiting.has(seeker)) return true
    const mine = this.#ready.next(seeker.filter, seeker.count)
    if (mine.length > 0) this.#answer(seeker, mine)
    return mine.length > 0
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#lookAgain) {
      this.#lookAgain = false
      const seekers = Map.groupBy(this.#waiting, ({ filter }) => this.#parts.nameOfFilter(filter))
      await Promise.all([...seekers.values()].map((group) => this.#lookFor(group)))
      if (this.#lookAgain) await new Promise((resolve) => setTimeout(resolve, SPACING_MS))
    }
    this.#looking = undefined
  }

  /** 1 */
  async #lookFor(group: readonly Waiting<Filter, Head>[]): Promise<void> {
    const left = group.filter((seeker) => !this.#serve(seeker))
    const [first] = left
    if (first === undefined) return
    const nowMs = performance.now()
    const sinceMs = this.#ready.sinceAllMs(first.filter)
    const isPatient = left.every(({ untilMs }) => untilMs > nowMs)
    if (isPatient && sinceMs < DATABASE_SPACING_MS) return this.#lookLater(DATABASE_SPACING_MS - sinceMs)
    try {
      const wanted = left.reduce((sum, { count }) => sum + count, 0)
      // Filtered here: a statement that leaves some out might not follow the index.
      const asked = wanted + this.#ready.reserved + READ_AHEAD
      this.#ready.keepFound(first.filter, await this.#parts.due(first.filter, asked), asked)
    } catch (error) {
      // Who waits goes on waiting; who does not is told of nothing, which is true.
      this.#parts.logger.warn({ err: error }, 'due work cannot be looked for; the next look tries again')
    }
    for (const seeker of left) if (!this.#serve(seeker) && seeker.untilMs <= nowMs) this.#answer(seeker, [])
  }

  #lookLater(ms: number): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      this.wake()
    }, ms)
  }

  #answer(seeker: Waiting<Filter, Head>, heads: readonly Head[]): void {
    if (this.#waiting.delete(seeker)) seeker.resolve(heads.map((head) => this.#take(head)))
  }

  /** 2 */
  #take(head: Head): Taken<Head> {
    this.#ready.take(head)
    return {
      head,
      done: (seq) => {
        this.#ready.done(head, seq)
        this.wake()
      },
      inVain: () => {
        this.#ready.inVain(head)
        this.wake()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#poll)
    clearTimeout(this.#later)
    for (const seeker of this.#waiting) this.#answer(seeker, [])
    await this.#looking
  }
}

/** Starts to find work. It never throws: while the database does not answer, seekers wait. */
export function openWorkFinder<Filter, Head extends DueWork, Known extends Head>(
  parts: FinderParts<Filter, Head, Known>,
): WorkFinder<Filter, Head, Known> {
  return new Finder(parts)
}
