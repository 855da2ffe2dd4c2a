import type { CronCommand } from './command.ts'
import { nextSlot } from './due-slots.ts'
import type { CronJob, CronRun } from './job.ts'
import { startable } from './queue.ts'
import { isOver } from './settle.ts'

/** The first time of the job that nothing is decided about; undefined when there is none, or while it does not run. */
export function nextSlotOf(job: CronJob, slotsOf: CronCommand['slotsOf']): string | undefined {
  return job.phase === 'active' && !isOver({ job }) ? nextSlot(job, slotsOf)?.slot : undefined
}

/**
 * When time alone makes something happen to the job: a time of its own, an attempt, the end of a lease; undefined: never.
 * Code: that of `slotsOf`.
 */
export function dueAtOf(job: CronJob, slotsOf: CronCommand['slotsOf']): string | undefined {
  const isCounting = job.phase === 'active' && !isOver({ job })
  const slot = isCounting ? nextSlot(job, slotsOf)?.dueAt : undefined
  const waitingSince = startable(job) && job.updatedAt
  return earliest([slot, waitingSince, ...job.runs.map((run) => runDueAt(job, run))])
}

function runDueAt(
  { phase }: CronJob,
  { state, cancel, deadline, lease, nextAt }: CronRun,
): string | undefined {
  if (state !== 'active' && state !== 'retrying') return undefined
  // A job that is set aside begins no attempt.
  const attemptAt = phase === 'set-aside' ? undefined : nextAt
  return earliest([cancel?.giveUpAt, deadline, lease?.until, attemptAt])
}

function earliest(instants: readonly (string | undefined)[]): string | undefined {
  return instants.reduce(
    (one, other) => (one === undefined || (other !== undefined && other < one) ? other : one),
    undefined,
  )
}
