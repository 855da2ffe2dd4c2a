import type { CronRun } from '@daybook/events'
import { one } from './answers.ts'
import { isBackfill, isReadJob, isRunAnswer } from './cron-answers.ts'
import type { JobChange, NewJob } from './cron-definition.ts'
import { JOBS_PATH, jobPath, runPath } from './cron-path.ts'
import type { ReadJob } from './cron-reads.ts'
import type { Http } from './http.ts'
import type { Post } from './post.ts'

/** Why somebody does something; it is kept. */
export interface Why {
  readonly reason?: string
}

/** Which times of the past are made up for, both ends included: ISO 8601, UTC. */
export interface BackfillRequest {
  readonly from: string
  readonly to: string
  /** The same id again makes no further runs; the server makes one unless told. */
  readonly backfillId?: string
  /** Only tell which times these are. */
  readonly dryRun?: boolean
}

export interface BackfillAnswer {
  readonly slots: number
  readonly first?: string
  readonly last?: string
  /** Of the runs that it makes, oldest first. */
  readonly runs: readonly string[]
}

/** Wishes about jobs and their runs. All need the scope `append`. */
export interface CronCommands {
  /**
   * Makes a job; the same one again is no error. Codes: `already-exists` for another one of this name, `invalid-schedule`,
   * `unknown-timezone`, `never-fires`, `invalid-request`.
   */
  create(job: NewJob): Promise<ReadJob>
  /** From now on; what runs already goes on. Codes: those of `create`, `not-found`, `conflict`. */
  update(name: string, change: JobChange): Promise<ReadJob>
  /** Nothing is decided about its times until it is resumed; then they have been missed. */
  pause(name: string, why?: Why): Promise<ReadJob>
  /** After a pause, or after it was set aside. */
  resume(name: string, why?: Why): Promise<ReadJob>
  /** It never runs again: what waits does not run, and what somebody works on ends by itself. Its history stays in the journal. */
  delete(name: string, why?: Why): Promise<ReadJob>
  /**
   * Runs it at once, beside its times; behind a run that has not ended, unless the job lets them overlap. The same `requestId`
   * again is the same run. Code: `overloaded` when 500 runs of it have not ended.
   */
  runNow(name: string, request?: { readonly requestId?: string }): Promise<CronRun>
  /** Makes up for times of the past, one after the other, at most 500 of them. */
  backfill(name: string, request: BackfillRequest): Promise<BackfillAnswer>
  /** A run that was held for a person's decision is to run. Codes: `not-found`, `invalid-transition`. */
  approve(name: string, run: string, why?: Why): Promise<CronRun>
  /** It is not to run. Codes: `not-found`, `invalid-transition`. */
  dismiss(name: string, run: string, why?: Why): Promise<CronRun>
  /** Has a run end: at once if nobody is at it, else whoever does it is asked to. Codes: `not-found`, `invalid-transition`. */
  cancel(name: string, run: string, why?: Why): Promise<CronRun>
}

export function openCronCommands(http: Http, post: Post): CronCommands {
  const onJob = async (name: string, part: string, body: object) =>
    one(await post(jobPath(name, part), body), isReadJob)
  const onRun = async (path: string, body: object) => one(await post(path, body), isRunAnswer).run
  return {
    create: async (job) => one(await post(JOBS_PATH, job), isReadJob),
    update: async (name, change) => one(await post(jobPath(name), change, { method: 'PATCH' }), isReadJob),
    pause: (name, why = {}) => onJob(name, 'pause', why),
    resume: (name, why = {}) => onJob(name, 'resume', why),
    delete: async (name, { reason } = {}) =>
      one(await http.readJson({ method: 'DELETE', path: jobPath(name), query: { reason } }), isReadJob),
    runNow: (name, request = {}) => onRun(jobPath(name, 'run-now'), request),
    backfill: async (name, request) => one(await post(jobPath(name, 'backfill'), request), isBackfill),
    approve: (name, run, why = {}) => onRun(runPath(name, run, 'approve'), why),
    dismiss: (name, run, why = {}) => onRun(runPath(name, run, 'dismiss'), why),
    cancel: (name, run, why = {}) => onRun(runPath(name, run, 'cancel'), why),
  }
}
