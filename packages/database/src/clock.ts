import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Two clocks that drift apart by 100 parts in a million are 6 ms apart after a minute. */
const KEPT_MS = 60_000

/**
 * The database's clock, which all instances of a service share, carried on by this process's own monotonic one between
 * the looks at it. What the time of day is to this machine, and how it jumps, makes no difference.
 */
export class DatabaseClock {
  readonly #database: Pick<Database<unknown>, 'prepared'>
  #readAtMs = Number.NEGATIVE_INFINITY
  #epochMs = 0

  constructor(database: Pick<Database<unknown>, 'prepared'>) {
    this.#database = database
  }

  /** ISO 8601, UTC, milliseconds. Asks the database when it was not heard of for a minute. Code: `unavailable`. */
  async now(): Promise<string> {
    if (performance.now() - this.#readAtMs > KEPT_MS) {
      const rows = await this.#database.prepared('clock', sql<{ now: Date }>`select clock_timestamp() as now`)
      for (const { now } of rows) this.set(now)
    }
    return new Date(this.#epochMs + performance.now() - this.#readAtMs).toISOString()
  }

  /** What the database has just said, to who asked it for something else too. */
  set(now: Date): void {
    this.#readAtMs = performance.now()
    this.#epochMs = now.getTime()
  }
}
