import { whenJobsChanged, whenParkedJobsChanged } from './jobs/handlers.ts'
import type { Timetable } from './jobs/times.ts'
import { resetJobs } from './store/jobs.ts'

/** Whose tables these are. */
export const cronTables = { schema: 'cron', name: 'cron', version: 1, kinds: ['cron'] }

/**
 * The read model of jobs and their runs. Whoever changes what it makes of events raises `version`: the new one is then
 * built beside the running one. Its tables are those of the schema `cron_cron_layout`.
 */
export function cronProjection(timetable: Timetable) {
  return {
    ...cronTables,
    apply: whenJobsChanged(timetable),
    applyLeftOut: whenParkedJobsChanged(timetable),
    reset: resetJobs,
    generations: {},
  }
}
