import { blankRun, cronErasureOf, evolveCron, type JournalEvent, jobOfStream } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { loadJobs, saveJobs } from '../store/jobs.ts'
import { listRunStates, saveRuns } from '../store/runs.ts'
import type { RunState } from './job-states.ts'
import type { Timetable } from './times.ts'

/** A job may have any number of runs; so many are in memory at once. */
const RUNS_PER_PAGE = 500

/**
 * Takes out of the runs of a job what the notice names, whatever state they are in; those that ended are known to their
 * rows alone. Does nothing for an event that is no such notice. Doing it twice is doing it once.
 */
export async function blankRuns(trx: QueryExecutorProvider, notice: JournalEvent): Promise<void> {
  const erasure = cronErasureOf(notice)
  const job = jobOfStream(notice.stream)
  if (erasure === undefined || job === undefined) return
  const { tenant } = notice
  for (let after = ''; ; ) {
    const page = await listRunStates(trx, { tenant, job, after, limit: RUNS_PER_PAGE })
    const last = page.at(-1)
    if (last === undefined) return
    await saveRuns(
      trx,
      page.map((state): RunState => ({ ...state, document: blankRun(state.document, erasure.isErased) })),
    )
    after = last.document.run
  }
}

/** The same, with the job itself, which stays applied up to where it was. */
export async function blankLeftOut(
  trx: QueryExecutorProvider,
  notice: JournalEvent,
  timetable: Timetable,
): Promise<void> {
  const job = jobOfStream(notice.stream)
  if (cronErasureOf(notice) === undefined || job === undefined) return
  await blankRuns(trx, notice)
  const stored = await loadJobs(trx, [{ tenant: notice.tenant, job }])
  const blanked = [...stored.values()].map((state) => ({
    ...state,
    document: evolveCron(state.document, notice).job ?? state.document,
  }))
  await saveJobs(trx, blanked, { timetable, ended: new Map() })
}
