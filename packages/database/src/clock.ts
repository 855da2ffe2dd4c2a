import { sql } from 'kysely'
import type { Database } from './database.ts'

/** By which it is decided what is due. */
export interface Clock {
  /** ISO 8601, UTC, milliseconds. Code: `unavailable`. */
  now(): Promise<string>
}

/** Two clocks that drift apart by 100 parts in a million are 6 ms apart after a minute. */
const KEPT_MS = 60_000
/** An answer that took no longer tells the time well enough; so many are asked for at most until there is one. */
const GOOD_ANSWER_MS = 5
const LOOKS_MAX = 4
/** What a Date leaves out. */
const PRECISION_MS = 1

/**
 * The database's clock, which all instances of a service share, carried on by this process's own monotonic one between
 * the looks at it. What the time of day is to this machine, and how it jumps, makes no difference.
 *
 * What the database says was true between the question and the answer, which on a busy machine may be a tenth of a second. So
 * each answer tells between which bounds its clock is, and what is known already stays, as far as they allow.
 */
export class DatabaseClock implements Clock {
  readonly #database: Pick<Database<unknown>, 'prepared'>
  #heardAtMs = Number.NEGATIVE_INFINITY
  /** From this process's clock to the database's. */
  #offsetMs = Number.NEGATIVE_INFINITY

  constructor(database: Pick<Database<unknown>, 'prepared'>) {
    this.#database = database
  }

  /** ISO 8601, UTC, milliseconds. Asks the database when it was not heard of for a minute. Code: `unavailable`. */
  async now(): Promise<string> {
    if (performance.now() - this.#heardAtMs > KEPT_MS) await this.#look()
    return new Date(this.#offsetMs + performance.now()).toISOString()
  }

  /** What the database has just said, to who asked it for something else too, at that moment of `performance.now()`. */
  set(now: Date, askedAtMs = performance.now()): void {
    this.#heardAtMs = performance.now()
    const leastMs = now.getTime() - this.#heardAtMs
    const mostMs = now.getTime() + PRECISION_MS - askedAtMs
    this.#offsetMs = Math.max(leastMs, Math.min(this.#offsetMs, mostMs))
  }

  async #look(): Promise<void> {
    for (let looks = 1; ; looks += 1) {
      const askedAtMs = performance.now()
      const rows = await this.#database.prepared('clock', sql<{ now: Date }>`select clock_timestamp() as now`)
      for (const { now } of rows) this.set(now, askedAtMs)
      if (looks === LOOKS_MAX || performance.now() - askedAtMs <= GOOD_ANSWER_MS) return
    }
  }
}
