import type { Deciding } from './deciding.ts'
import type { CronJob, CronRun } from './job.ts'
import { start } from './start.ts'

/** Whether a run is under way, or waits for its next attempt. */
export function isBusy({ job }: { readonly job: CronJob }): boolean {
  return job.runs.some(({ state }) => state === 'active' || state === 'retrying')
}

/** What of that which waits can start now, the first decided first. While a job is paused, only what a person asked for. */
export function startable(job: CronJob): CronRun | undefined {
  const isStopped = job.phase === 'deleted' || job.phase === 'set-aside'
  if (isStopped || (job.definition?.concurrency !== 'allow' && isBusy({ job }))) return undefined
  return job.runs.find(
    ({ state, cause }) => state === 'queued' && (job.phase === 'active' || cause !== 'slot'),
  )
}

/** Starts what waits, as long as it can. */
export function drain(deciding: Deciding): void {
  for (let next = startable(deciding.job); next !== undefined && !deciding.isEnough; ) {
    start(deciding, next)
    next = startable(deciding.job)
  }
}
