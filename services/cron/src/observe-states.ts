import type { Clock, Database } from '@daybook/database'
import { openRunStates } from '@daybook/events'
import { type Metrics, sharedLook } from '@daybook/runtime'
import { shownStates } from './jobs/times.ts'
import { countJobs, countOpenRuns, findOverdueSeconds } from './store/stats.ts'

/** So long a look is good for: what scrapes more often gets the same numbers. */
const FRESH_MS = 5_000

/** What is looked up when the metrics are read: it holds for the read model, not for this instance. */
export function observeStates(
  metrics: Metrics,
  { database: { kysely }, clock }: { database: Database<unknown>; clock: Clock },
): void {
  const jobs = sharedLook(() => countJobs(kysely), FRESH_MS)
  const runs = sharedLook(() => countOpenRuns(kysely), FRESH_MS)
  const overdue = sharedLook(async () => findOverdueSeconds(kysely, await clock.now()), FRESH_MS)
  metrics.gauge({
    name: 'cron_jobs',
    help: 'Jobs, by their state; deleted ones as long as they are kept.',
    labels: ['state'],
    collect: async (gauge) => {
      for (const state of shownStates) gauge.set({ state }, 0)
      for (const { state, count } of await jobs()) gauge.set({ state }, count)
    },
  })
  metrics.gauge({
    name: 'cron_open_runs',
    help: 'Runs that have not ended, by their state; held ones wait for a person.',
    labels: ['state'],
    collect: async (gauge) => {
      for (const state of openRunStates) gauge.set({ state }, 0)
      for (const { state, count } of await runs()) gauge.set({ state }, count)
    },
  })
  metrics.gauge({
    name: 'cron_overdue_seconds',
    help: 'For how long the job has been due that was due first and is not decided yet; 0 where none is.',
    collect: async (gauge) => gauge.set({}, await overdue()),
  })
}
