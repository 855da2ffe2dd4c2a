/**
 * The cron service with a clock that a story turns (`turned-clock.ts`), and with mutants: appenders that leave out of each
 * request what keeps two instances from deciding the same. The service itself has no such switches.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { openCron } from '@daybook/cron'
import { readCronConfig } from '@daybook/cron/config'
import type { Clock, Database } from '@daybook/database'
import { type Appender, runService } from '@daybook/eventing'
import type { Draft } from '@daybook/events'
import { runUntilSignalled } from '@daybook/runtime'
import { sql } from 'kysely'
import type { Mutant } from './turned-clock.ts'

/** A timer for what is due later does not notice that the clock was turned; it is turned about as often. */
const SWEEP_MS = 100
/** So long a mutant keeps what was decided to itself: every other instance has decided it too by then. */
const RACE_MS = 150

interface Row {
  now: Date
  mutant: Mutant | null
}

class StoryClock implements Clock {
  readonly #database: Database<unknown>

  constructor(database: Database<unknown>) {
    this.#database = database
  }

  async now(): Promise<string> {
    return (await this.#read()).now.toISOString()
  }

  async mutant(): Promise<Mutant | null> {
    return (await this.#read()).mutant
  }

  async #read(): Promise<Row> {
    const rows = await this.#database.prepared(
      'story-clock',
      sql<Row>`select coalesce(frozen_at, clock_timestamp()) + ahead as now, mutant from story.clock`,
    )
    const [row] = rows
    if (row === undefined) throw new Error('the story has no clock')
    return row
  }
}

function mutable(append: Appender, clock: StoryClock): Appender {
  return async (request, author) => {
    const mutant = await clock.mutant()
    if (mutant === null) return append(request, author)
    await pause(RACE_MS)
    const { events, expect } = request
    return append(
      {
        events: mutant === 'expectations' ? events : events.map(withoutKey),
        ...(mutant === 'keys' && expect !== undefined && { expect }),
      },
      author,
    )
  }
}

function withoutKey(event: Draft): Draft {
  const copy = { ...event }
  delete copy.key
  return copy
}

process.exitCode = await runUntilSignalled(async (signal) => {
  const config = readCronConfig(process.env)
  await runService('cron', { config, signal }, (parts) => {
    const clock = new StoryClock(parts.database)
    return openCron({ ...parts, clock, append: mutable(parts.append, clock), sweepMs: SWEEP_MS })
  })
})
