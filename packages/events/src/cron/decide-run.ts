import { DaybookError } from '@daybook/errors'
import { later } from '../inbound/lease.ts'
import type { CronCommandOf } from './command.ts'
import type { Deciding } from './deciding.ts'
import type { CronRun } from './job.ts'
import { drain } from './queue.ts'
import { enqueue } from './requests.ts'
import { cancelTarget, isIdle, named } from './start.ts'

/** What a person decides about one run. */
export function decideRun(
  deciding: Deciding,
  command: CronCommandOf<'approve' | 'dismiss' | 'cancel'>,
): void {
  const run = deciding.run(command.run)
  if (run === undefined) throw unknownRun(command.run)
  switch (command.name) {
    case 'approve':
      if (run.state !== 'held') return
      enqueue(deciding, run, 'approved')
      break
    case 'dismiss':
      if (run.state !== 'held' && run.state !== 'queued') throw notDismissed(run)
      skip(deciding, run, command.reason)
      break
    case 'cancel':
      cancel(deciding, run, command.reason)
      break
    default:
      command satisfies never
  }
  drain(deciding)
}

function skip(deciding: Deciding, run: CronRun, note: string | undefined): void {
  const data = { at: deciding.now, ...named(run), ...(note !== undefined && { note }) }
  deciding.add({ type: 'CRON_RUN_SKIPPED', data: { ...data, reason: 'dismissed' } })
}

/** Who works on it is asked to stop; what nobody works on ends at once. */
function cancel(deciding: Deciding, run: CronRun, reason: string | undefined): void {
  const { now: at, job } = deciding
  if (run.state === 'held' || run.state === 'queued') return skip(deciding, run, reason)
  if (isIdle(deciding, run))
    return deciding.add({ type: 'CRON_RUN_FINISHED', data: { at, run: run.run, status: 'cancelled' } })
  if (run.cancel !== undefined) return
  const giveUpAt = later(at, job.definition?.cancelTimeoutMs ?? 0)
  const why = reason === undefined ? {} : { reason }
  deciding.add({ type: 'CRON_RUN_CANCEL_REQUESTED', data: { at, run: run.run, giveUpAt, ...why } })
  cancelTarget(deciding, run, reason ?? `The run ${run.run} of the job ${job.name} was cancelled.`)
}

/** It never was, or it has ended. */
export function unknownRun(run: string): DaybookError {
  return new DaybookError('not-found', `There is no run ${run} of this job that has not ended.`, {
    details: { run },
  })
}

function notDismissed({ run, state }: CronRun): DaybookError {
  const message = `The run ${run} is ${state}: only one that is held or waits can be dismissed. Cancel it instead.`
  return new DaybookError('invalid-transition', message, { details: { run, state } })
}
