import type { Clock, Database } from '@daybook/database'
import { changeRunning } from '@daybook/eventing'
import { type Logger, startRounds } from '@daybook/runtime'
import { cronTables } from './cron-projection.ts'
import type { Timetable } from './jobs/times.ts'
import {
  hasTooManyRuns,
  listOutdatedJobs,
  removeDeletedJob,
  removeOutdatedRuns,
  removeSurplusRuns,
} from './store/retention.ts'
import { hasStaleTimes, refreshTimes, type Stale } from './store/tzdata.ts'

export interface MaintenanceParts {
  readonly database: Database<unknown>
  readonly timetable: Timetable
  /** By which runs ended, so by which they are too old. */
  readonly clock: Clock
  readonly logger: Logger
  /** How often it looks. */
  readonly everyMs?: number
}

/** A look costs a step down an index; a job that runs each second has five runs too many then. */
const EVERY_MS = 5_000
/** What is kept by the day need not go by the second: this look takes a step down an index for each job. */
const OUTDATED_EVERY_ROUNDS = 60
/** Some 20 ms, as a batch of events takes. */
const STEP_ROWS = 500

/**
 * Keeps the read model within what its jobs keep, and its times those of the time zone data that this process has.
 *
 * 1. It looks at what is in the tables and at nothing else, so any number of instances may do it, it may stop anywhere, and
 *    tables that were built anew get to the same.
 * 2. No events are applied during a step, so what is counted is changed with the rows; and a step is short, so they need
 *    not wait for long.
 * 3. At its start it takes whatever time zone data is not its own; later only older data, so that of two instances with
 *    different data the newer one has the last word and they do not take turns.
 */
export function startMaintenance(parts: MaintenanceParts): AsyncDisposable {
  const { everyMs = EVERY_MS, logger } = parts
  let stale: Stale = 'other'
  let rounds = 0
  return startRounds({
    everyMs,
    async round(signal) {
      if (await refreshAll(parts, stale, signal)) stale = 'older' // 3
      await clearSurplus(parts, signal)
      if (rounds % OUTDATED_EVERY_ROUNDS === 0) await clearOutdated(parts, signal)
      rounds += 1
    },
    onFailure: (err) => logger.error({ err }, 'runs could not be cleared away; it is tried again'),
  })
}

/** Finds the times of jobs anew that were found with such time zone data; answers whether that is done. */
async function refreshAll(
  { database, timetable }: MaintenanceParts,
  stale: Stale,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await hasStaleTimes(database.kysely, { tzdata: timetable.tzdata, stale }))) return true
  return step(database, signal, (trx) => refreshTimes(trx, timetable, { stale, count: STEP_ROWS }))
}

/** Removes runs of which a job has more than it keeps. */
export async function clearSurplus(
  { database }: Pick<MaintenanceParts, 'database'>,
  signal: AbortSignal,
): Promise<void> {
  if (!(await hasTooManyRuns(database.kysely))) return
  await step(database, signal, async (trx) => (await removeSurplusRuns(trx, STEP_ROWS)).removed)
}

/** Removes runs that ended longer ago than their jobs keep them, and jobs that were deleted so long ago. */
async function clearOutdated(
  { database, clock }: Pick<MaintenanceParts, 'database' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const now = await clock.now()
  for (const key of await listOutdatedJobs(database.kysely, now)) {
    await step(
      database,
      signal,
      async (trx) => (await removeOutdatedRuns(trx, key, { now, count: STEP_ROWS })).removed,
    )
    if (signal.aborted) return
    await changeRunning({ ...cronTables, database }, (trx) => removeDeletedJob(trx, key, now))
  }
}

/** Again and again, each time in a transaction of its own; answers whether there is nothing left to do. 2 */
async function step(
  database: Database<unknown>,
  signal: AbortSignal,
  work: Parameters<typeof changeRunning<unknown, number>>[1],
): Promise<boolean> {
  let done: number | undefined = STEP_ROWS
  while (done === STEP_ROWS && !signal.aborted) {
    done = await changeRunning({ ...cronTables, database }, work)
  }
  return done !== undefined && done < STEP_ROWS
}
