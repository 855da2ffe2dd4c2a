import type { CronJob, CronRun, JobDefinition } from '@daybook/events'
import { one, type Page, toPage } from './answers.ts'
import { isCronRun, isNextTimes, isReadJob } from './cron-answers.ts'
import type { ScheduleInput } from './cron-definition.ts'
import { JOBS_PATH, jobPath, runPath } from './cron-path.ts'
import type { ReadOptions } from './daybook.ts'
import type { Http } from './http.ts'
import { everyPage } from './pages.ts'
import type { Post } from './post.ts'
import { readWhenReached } from './runs.ts'

/** A job as the read model has it. */
export interface ReadJob extends Pick<CronJob, 'createdAt' | 'updatedAt' | 'counts'> {
  readonly name: string
  /** `ended`: none of its times is left, and no run of it is open. */
  readonly state: CronJob['phase'] | 'ended'
  /** Absent when it was erased. */
  readonly definition?: JobDefinition
  /** The event that said the definition. */
  readonly revision: number
  /** Its next time; null when there is none, or while it is paused. */
  readonly nextAt: string | null
  /** When something happens to it next: a time with its jitter, a further attempt, the end of a lease. */
  readonly nextDueAt: string | null
  readonly problem?: CronJob['problem']
  readonly pause?: CronJob['pause']
  readonly lastRun?: CronJob['lastRun']
  /** Its runs that have not ended. */
  readonly open: readonly CronRun[]
  /** Present if the job is left out from this event on, since it could not be applied. */
  readonly parked?: { readonly seq: number; readonly position: number; readonly deadLetterId: string }
}

export interface JobFilter {
  readonly state?: ReadJob['state']
  /** Jobs in one page: a bound of the request, not of an iteration. */
  readonly limit?: number
}

export interface CronRunFilter {
  readonly state?: CronRun['state']
  /** Runs in one page: a bound of the request, not of an iteration. */
  readonly limit?: number
}

/** A time of a schedule. */
export interface NextTime {
  /** ISO 8601, UTC. */
  readonly at: string
  /** By the clocks of the schedule's time zone. */
  readonly local: string
  /** Where a clock change plays in. */
  readonly note?: string
}

export interface NextTimes {
  readonly next: readonly NextTime[]
  readonly timezone?: string
  /** The version of the time zone data by which they were computed. */
  readonly tzdata: string
}

export interface NextOptions {
  /** How many times; 10 unless told, at most 100. */
  readonly n?: number
  /** Times after this instant; after now unless told. */
  readonly from?: string
}

/** What is known of jobs and their runs. All need the scope `read`. */
export interface CronReads {
  /** In the order of their names. */
  list(filter?: JobFilter & ReadOptions): AsyncIterable<ReadJob>
  page(filter?: JobFilter & ReadOptions & { readonly cursor?: string }): Promise<Page<ReadJob>>
  /** Throws `not-found`. */
  get(name: string, options?: ReadOptions): Promise<ReadJob>
  /** Newest first, with times that were skipped or missed. */
  runs(name: string, filter?: CronRunFilter & ReadOptions): AsyncIterable<CronRun>
  runsPage(
    name: string,
    filter?: CronRunFilter & ReadOptions & { readonly cursor?: string },
  ): Promise<Page<CronRun>>
  /** One run. Throws `not-found`. */
  run(name: string, run: string, options?: ReadOptions): Promise<CronRun>
  /** The next times of a job. */
  next(name: string, options?: NextOptions): Promise<NextTimes>
  /** The times of a schedule that is no job yet. Codes: `invalid-schedule`, `unknown-timezone`, `never-fires`. */
  preview(schedule: ScheduleInput, options?: NextOptions): Promise<NextTimes>
}

/** `timeoutMs` bounds how long a read waits for its `minPosition`. */
export function openCronReads(http: Http, post: Post, timeoutMs: number): CronReads {
  const read = async (path: string, query: object = {}) =>
    await readWhenReached(http, { path, query: { ...query } }, timeoutMs)
  const page: CronReads['page'] = async (filter = {}) =>
    toPage(await read(JOBS_PATH, filter), 'jobs', isReadJob)
  const runsPage: CronReads['runsPage'] = async (name, filter = {}) =>
    toPage(await read(jobPath(name, 'runs'), filter), 'runs', isCronRun)
  return {
    page,
    list: (filter = {}) =>
      everyPage((cursor: string | undefined) => page(cursor === undefined ? filter : { ...filter, cursor })),
    get: async (name, options) => one(await read(jobPath(name), options), isReadJob),
    runsPage,
    runs: (name, filter = {}) =>
      everyPage((cursor: string | undefined) =>
        runsPage(name, cursor === undefined ? filter : { ...filter, cursor }),
      ),
    run: async (name, run, options) => one(await read(runPath(name, run), options), isCronRun),
    next: async (name, options) => one(await read(jobPath(name, 'next'), options), isNextTimes),
    preview: async (schedule, options = {}) =>
      one(await post('/v1/cron/preview', { schedule, ...options }), isNextTimes),
  }
}
