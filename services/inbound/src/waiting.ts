import type { Database } from '@daybook/database'
import type { Logger } from '@daybook/runtime'
import { dueHeads, type Head, type WorkFilter } from './heads.ts'

/** A conversation that one caller of this instance may try to claim from; the others are not given it meanwhile. */
export interface Taken extends Head {
  /** To be told when something was done: after which event of the conversation it is anybody's again. */
  done(seq: number): void
  /** To be told when there was nothing to do: what was looked up is older than the journal. */
  inVain(): void
}

/** Who wants work. */
export interface Seeker {
  readonly filter: WorkFilter
  /** Conversations at most. */
  readonly count: number
  /** On the process's monotonic clock (`performance.now()`); past: one look and no waiting. */
  readonly untilMs: number
  /** Aborted when there is nobody to wait for. */
  readonly signal?: AbortSignal | undefined
}

/** Hands out due work to the callers of this instance. */
export interface WorkFinder extends AsyncDisposable {
  /** Answers as soon as there is something; none when nothing came in time, or when the signal aborts. */
  find(seeker: Seeker): Promise<Taken[]>
  /** Something may be due that was not before. */
  wake(): void
}

export interface FinderParts<DB> {
  readonly database: Database<DB>
  readonly logger: Logger
}

interface Waiting extends Seeker {
  readonly resolve: (taken: Taken[]) => void
}

/** A signal that got lost delays work by this much; a look is one walk down an index for each kind of seeker. */
const POLL_MS = 1_000
/** Two looks in less time see hardly anything more. */
const SPACING_MS = 2
/** By then the read model is past what was done, or nothing came of it. */
const DONE_MS = 10_000
/** Soon enough for whoever waits, and no tight loop while the read model is behind. */
const IN_VAIN_MS = 100

/**
 * 1. All seekers of an instance share one look at a time for each filter; those that come during one wait for the next.
 * 2. A conversation is given to one seeker at a time, so n of them get n conversations and do not run into each other. What
 *    was taken is left out until the read model has seen what became of it.
 * 3. Nobody waits, nobody looks.
 * 4. All this is a matter of speed: who may have a message is decided by the journal.
 */
class Finder<DB> implements WorkFinder {
  readonly #parts: FinderParts<DB>
  readonly #waiting = new Set<Waiting>()
  /** Conversations that are left out: until the read model has that event of it, and until when at most. */
  readonly #taken = new Map<string, { seq: number; untilMs: number }>()
  readonly #poll: NodeJS.Timeout
  #looking: Promise<void> | undefined
  #lookAgain = false

  constructor(parts: FinderParts<DB>) {
    this.#parts = parts
    this.#poll = setInterval(() => this.wake(), POLL_MS)
    this.#poll.unref()
  }

  find(seeker: Seeker): Promise<Taken[]> {
    const { promise, resolve } = Promise.withResolvers<Taken[]>()
    const { signal } = seeker
    if (signal?.aborted === true) return Promise.resolve([])
    const waiting = { ...seeker, resolve }
    const leave = () => this.#answer(waiting, [])
    const leftMs = seeker.untilMs - performance.now()
    const timer = leftMs > 0 ? setTimeout(leave, leftMs) : undefined
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting.add(waiting)
    this.wake()
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

  async #lookUntilQuiet(): Promise<void> {
    while (this.#lookAgain) {
      this.#lookAgain = false
      const seekers = Map.groupBy(this.#waiting, ({ filter }) => nameOf(filter))
      await Promise.all([...seekers.values()].map((group) => this.#lookFor(group)))
      if (this.#lookAgain) await new Promise((resolve) => setTimeout(resolve, SPACING_MS))
    }
    this.#looking = undefined
  }

  /** 1 */
  async #lookFor(group: readonly Waiting[]): Promise<void> {
    const [first] = group
    if (first === undefined) return
    try {
      const wanted = group.reduce((sum, { count }) => sum + count, 0)
      this.#forgetTaken()
      // Filtered here: a statement that leaves conversations out might not follow the index.
      const found = await dueHeads(this.#parts.database, first.filter, wanted + this.#taken.size)
      // Two groups may find the same ones at the same time.
      const heads = found.filter((head) => head.seq >= (this.#taken.get(laneNameOf(head))?.seq ?? 0))
      this.#handOut(group, heads)
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'due work cannot be looked for; the next look tries again')
      // Who waits goes on waiting; who does not is told of nothing, which is true.
      this.#handOut(group, [])
    }
  }

  #handOut(group: readonly Waiting[], heads: readonly Head[]): void {
    const nowMs = performance.now()
    let from = 0
    for (const seeker of group) {
      if (!this.#waiting.has(seeker)) continue
      const mine = heads.slice(from, from + seeker.count)
      from += mine.length
      if (mine.length > 0 || seeker.untilMs <= nowMs) this.#answer(seeker, mine)
    }
  }

  #answer(seeker: Waiting, heads: readonly Head[]): void {
    if (this.#waiting.delete(seeker)) seeker.resolve(heads.map((head) => this.#take(head)))
  }

  /** 2 */
  #take(head: Head): Taken {
    const name = laneNameOf(head)
    const never = Number.POSITIVE_INFINITY
    this.#taken.set(name, { seq: never, untilMs: never })
    const leaveOut = (seq: number, forMs: number): void => {
      this.#taken.set(name, { seq, untilMs: performance.now() + forMs })
      this.wake()
    }
    return {
      ...head,
      done: (seq) => leaveOut(seq, DONE_MS),
      inVain: () => leaveOut(head.seq + 1, IN_VAIN_MS),
    }
  }

  #forgetTaken(): void {
    const nowMs = performance.now()
    for (const [name, { untilMs }] of this.#taken) if (untilMs < nowMs) this.#taken.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#poll)
    for (const seeker of this.#waiting) this.#answer(seeker, [])
    await this.#looking
  }
}

function laneNameOf({ work, tenant, lane }: Head): string {
  return `${work} ${tenant} ${lane}`
}

function nameOf({ tenant, work, source = '*', account = '*' }: WorkFilter): string {
  return `${work} ${tenant} ${source} ${account}`
}

/** Starts to find work. It never throws: while the database does not answer, seekers wait. */
export function openWorkFinder<DB>(parts: FinderParts<DB>): WorkFinder {
  return new Finder(parts)
}
