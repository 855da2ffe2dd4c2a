import type { Database } from '@daybook/database'
import type { Logger } from '@daybook/runtime'
import type { ChangedLane } from './commands.ts'
import type { DueHead } from './due-heads.ts'
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
  /**
   * Whose turn it is in a conversation that this instance has just changed; the read model will tell later. Answers those
   * that nobody here was waiting for.
   */
  know(changed: ChangedLane, heads: readonly DueHead[]): DueHead[]
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
/** Who waits anyway waits so much longer, so that a busy read model is not asked at each of its steps. */
const DATABASE_SPACING_MS = 15
/** Conversations whose turn is known here before the read model tells: those of some seconds. */
const KNOWN_MAX = 10_000
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
 * 5. What this instance has just made due it hands out before the read model tells of it, unless that had more than was
 *    wanted the last time: then others have been due for longer.
 */
class Finder<DB> implements WorkFinder {
  readonly #parts: FinderParts<DB>
  readonly #waiting = new Set<Waiting>()
  /** Conversations that are left out: until the read model has that event of it, and until when at most. */
  readonly #taken = new Map<string, { seq: number; untilMs: number }>()
  /** 5 */
  readonly #known = new Map<string, DueHead>()
  readonly #looked = new Map<string, { atMs: number; hasMore: boolean }>()
  readonly #poll: NodeJS.Timeout
  #later: NodeJS.Timeout | undefined
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

  know({ tenant, lane, at }: ChangedLane, heads: readonly DueHead[]): DueHead[] {
    for (const work of ['messages', 'replies'] as const)
      this.#known.delete(laneNameOf({ tenant, lane, work }))
    return heads.filter((head) => {
      if (head.state !== 'pending' || head.dueAt > at) return true
      if (this.#handOver(head)) return false
      this.#known.set(laneNameOf(head), head)
      for (const oldest of this.#known.keys()) {
        if (this.#known.size <= KNOWN_MAX) break
        this.#known.delete(oldest)
      }
      return true
    })
  }

  /** 5 */
  #handOver(head: DueHead): boolean {
    if (!this.#isFree(head)) return false
    for (const seeker of this.#waiting) {
      if (!isMeant(head, seeker.filter) || this.#mayHaveOlder(seeker.filter)) continue
      this.#answer(seeker, [head])
      return true
    }
    return false
  }

  /** Before the first look nobody knows what has been due for longer. */
  #mayHaveOlder(filter: WorkFilter): boolean {
    return this.#looked.get(nameOf(filter))?.hasMore !== false
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
    const left = this.#serveKnown(group)
    const [first] = left
    if (first === undefined) return
    const name = nameOf(first.filter)
    const nowMs = performance.now()
    const sinceMs = nowMs - (this.#looked.get(name)?.atMs ?? Number.NEGATIVE_INFINITY)
    if (sinceMs < DATABASE_SPACING_MS && left.every(({ untilMs }) => untilMs > nowMs))
      return this.#lookLater(DATABASE_SPACING_MS - sinceMs)
    try {
      const wanted = left.reduce((sum, { count }) => sum + count, 0)
      this.#forgetTaken()
      // Filtered here: a statement that leaves conversations out might not follow the index.
      const limit = wanted + this.#taken.size
      const found = await dueHeads(this.#parts.database, first.filter, limit)
      // Two groups may find the same ones at the same time.
      const free = found.filter((head) => this.#isFree(head))
      const hasMore = found.length === limit || free.length > wanted
      this.#looked.set(name, { atMs: performance.now(), hasMore })
      this.#handOut(left, free)
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'due work cannot be looked for; the next look tries again')
      // Who waits goes on waiting; who does not is told of nothing, which is true.
      this.#handOut(left, [])
    }
  }

  /** 5. Answers who is left. */
  #serveKnown(group: readonly Waiting[]): readonly Waiting[] {
    const [first] = group
    if (first === undefined || this.#known.size === 0) return group
    if (this.#mayHaveOlder(first.filter)) return group
    const wanted = group.reduce((sum, { count }) => sum + count, 0)
    const isOffered = (head: DueHead) => isMeant(head, first.filter) && this.#isFree(head)
    const free = this.#known.values().filter(isOffered).take(wanted).toArray()
    return group.filter((seeker) => {
      const mine = this.#waiting.has(seeker) ? free.splice(0, seeker.count) : []
      if (mine.length > 0) this.#answer(seeker, mine)
      return mine.length === 0
    })
  }

  #isFree(head: Head): boolean {
    return head.seq >= (this.#taken.get(laneNameOf(head))?.seq ?? 0)
  }

  #lookLater(ms: number): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      this.wake()
    }, ms)
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
    this.#known.delete(name)
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
    clearTimeout(this.#later)
    for (const seeker of this.#waiting) this.#answer(seeker, [])
    await this.#looking
  }
}

function isMeant(head: DueHead, { tenant, work, source, account }: WorkFilter): boolean {
  return (
    head.tenant === tenant &&
    head.work === work &&
    (source === undefined || head.source === source) &&
    (account === undefined || head.account === account)
  )
}

function laneNameOf({ work, tenant, lane }: Pick<Head, 'work' | 'tenant' | 'lane'>): string {
  return `${work} ${tenant} ${lane}`
}

function nameOf({ tenant, work, source = '*', account = '*' }: WorkFilter): string {
  return `${work} ${tenant} ${source} ${account}`
}

/** Starts to find work. It never throws: while the database does not answer, seekers wait. */
export function openWorkFinder<DB>(parts: FinderParts<DB>): WorkFinder {
  return new Finder(parts)
}
