import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { JournalTables } from './tables.ts'

/** Two clocks that drift apart by 100 parts in a million are 6 ms apart after a minute. */
const KEPT_MS = 60_000

/**
 * The database's clock, which all instances of the journal share, carried on by this process's own between the looks at
 * it that each write takes anyway.
 */
export class DatabaseClock {
  readonly #database: Database<JournalTables>
  #readAtMs = Number.NEGATIVE_INFINITY
  #epochMs = 0

  constructor(database: Database<JournalTables>) {
    this.#database = database
  }

  /** ISO 8601, UTC, milliseconds. Asks the database when it was not heard of for a minute. */
  async now(): Promise<string> {
    if (performance.now() - this.#readAtMs > KEPT_MS) {
      const [row] = await this.#database.prepared(
        'append-clock',
        sql<{ now: Date }>`select clock_timestamp() as now`,
      )
      this.set(row?.now ?? new Date())
    }
    return new Date(this.#epochMs + performance.now() - this.#readAtMs).toISOString()
  }

  /** What the database has just said. */
  set(now: Date): void {
    this.#readAtMs = performance.now()
    this.#epochMs = now.getTime()
  }
}
