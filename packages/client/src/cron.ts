import type { SubscribeToCancels } from './cron-cancels.ts'
import { type CronCommands, openCronCommands } from './cron-commands.ts'
import { handleRuns, type RunHandler } from './cron-handle.ts'
import { type CronReads, openCronReads } from './cron-reads.ts'
import { type CronWork, openCronWork } from './cron-work.ts'
import type { Http } from './http.ts'
import { poster } from './post.ts'
import type { Worker, WorkerOptions } from './worker.ts'

/** Jobs, which run on a schedule, and their runs. */
export interface Cron extends CronCommands, CronReads, CronWork {
  /**
   * Does the runs of a job whose action is `deliver`, or those of all such jobs (`*`): claims them, extends their leases while
   * the handler works, and tells how it ended. Goes on through everything but a refusal of its claims (`unauthenticated`,
   * `forbidden`, `invalid-request`), with which `done` then rejects. Stops with SIGTERM, SIGINT, or the signal: what is not done
   * `drainMs` later is given back, which is no attempt.
   */
  handle(job: string, handler: RunHandler, options?: WorkerOptions): Worker
}

interface CronParts {
  readonly http: Http
  /** Bounds one request; a claim has it in addition to its wait. */
  readonly timeoutMs: number
  readonly subscribe: SubscribeToCancels
}

export function openCron({ http, timeoutMs, subscribe }: CronParts): Cron {
  const post = poster(http, timeoutMs)
  const work = openCronWork(post)
  return {
    ...openCronCommands(http, post),
    ...openCronReads(http, post, timeoutMs),
    ...work,
    handle: (job, handler, options = {}) => handleRuns(work, { job, handler, subscribe }, options),
  }
}
