import { type ApplyEvents, type LeftOutEvent, stretchesOf } from '@daybook/eventing'
import { cronErasureOf, type JournalEvent } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { loadJobs, saveJobs } from '../store/jobs.ts'
import { saveRuns } from '../store/runs.ts'
import { blankLeftOut, blankRuns } from './blank-runs.ts'
import { evolveStates, jobKeysOf } from './job-states.ts'
import type { Timetable } from './times.ts'

/**
 * Applies events of jobs to the read model, three statements for a batch, however many events it has. The projection's
 * checkpoint moves in the same transaction, so a batch that is delivered again changes nothing.
 */
export function whenJobsChanged(timetable: Timetable): ApplyEvents<unknown> {
  return async (trx, events) => {
    for (const stretch of stretchesOf(events, tellsOfErasure)) {
      await blankRuns(trx, stretch[0])
      await evolveJobs(trx, stretch, timetable)
    }
  }
}

/** What was erased goes from the read model at once, also from a job that is left out from some later event on. */
export function whenParkedJobsChanged(
  timetable: Timetable,
): (trx: QueryExecutorProvider, leftOut: readonly LeftOutEvent[]) => Promise<void> {
  return async (trx, leftOut) => {
    for (const { event } of leftOut) await blankLeftOut(trx, event, timetable)
  }
}

function tellsOfErasure(event: JournalEvent): boolean {
  return cronErasureOf(event) !== undefined
}

async function evolveJobs(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  timetable: Timetable,
): Promise<void> {
  const stored = await loadJobs(trx, [...jobKeysOf(events).values()])
  const { jobs, runs } = evolveStates(stored, events)
  const ended = await saveRuns(trx, [...runs.values()])
  await saveJobs(trx, [...jobs.values()], { timetable, ended })
}
