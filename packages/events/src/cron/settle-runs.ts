import type { AttemptFailure } from '../inbound/command.ts'
import type { Deciding } from './deciding.ts'
import type { CronRun } from './job.ts'
import { cancelTarget, failAttempt, start } from './start.ts'

/** Ends what has run out of time, and begins the attempts that are due. */
export function settleRuns(deciding: Deciding): void {
  for (const run of deciding.job.runs) {
    if (deciding.isEnough) return
    settleRun(deciding, run)
  }
}

function settleRun(deciding: Deciding, run: CronRun): void {
  const { now: at, job } = deciding
  const { state, cancel, deadline, lease, nextAt } = run
  if (state !== 'active' && state !== 'retrying') return
  if (cancel !== undefined && cancel.giveUpAt <= at)
    return deciding.add({ type: 'CRON_RUN_FINISHED', data: { at, run: run.run, status: 'cancelled' } })
  if (deadline !== undefined && deadline <= at) {
    deciding.add({ type: 'CRON_RUN_TIMED_OUT', data: { at, run: run.run } })
    return cancelTarget(deciding, run, `The run ${run.run} of the job ${job.name} took too long.`)
  }
  if (lease !== undefined && lease.until <= at)
    return failAttempt(deciding, run, { error: expired(lease.worker), token: lease.token })
  if (nextAt !== undefined && nextAt <= at && job.phase !== 'set-aside') start(deciding, run)
}

function expired(worker: string): AttemptFailure {
  const message = `The worker ${worker} neither finished nor extended its lease in time.`
  return { class: 'lease-expired', message, retryable: true }
}
