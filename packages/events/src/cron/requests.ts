import { DaybookError } from '@daybook/errors'
import type { Deciding } from './deciding.ts'
import { OPEN_RUNS_MAX } from './open-runs.ts'
import { drain, isBusy } from './queue.ts'
import { firstKeyOf, isIdle, type NewRun, named, start } from './start.ts'

/**
 * Runs that somebody wants: each at once where runs may overlap, and otherwise one after the other behind what runs already. A
 * run that was asked for before is the same run.
 */
export function request(deciding: Deciding, runs: readonly NewRun[]): void {
  if (deciding.job.phase === 'set-aside') {
    const message = `The job ${deciding.job.name} is set aside: ${deciding.job.problem?.message ?? ''} Update or resume it first.`
    throw new DaybookError('invalid-transition', message, { details: { job: deciding.job.name } })
  }
  const fresh = runs.filter(({ run }) => deciding.run(run) === undefined)
  if (deciding.job.runs.length + fresh.length > OPEN_RUNS_MAX) throw tooManyOpen(deciding.job.name)
  const isAllowed = deciding.job.definition?.concurrency === 'allow'
  for (const run of fresh) {
    if ((isAllowed || !isBusy(deciding)) && !deciding.isEnough) start(deciding, run)
    else enqueue(deciding, run, run.cause === 'backfill' ? 'backfill' : 'overlap')
  }
  drain(deciding)
}

function tooManyOpen(job: string): DaybookError {
  const message = `At most ${OPEN_RUNS_MAX} runs of the job ${job} can wait or run at once. Ask for fewer, or wait for some to end.`
  return new DaybookError('overloaded', message, { details: { job } })
}

/** It waits for what is before it to end. */
export function enqueue(
  deciding: Deciding,
  run: NewRun,
  reason: 'overlap' | 'catch-up' | 'backfill' | 'approved',
): void {
  const known = deciding.run(run.run)
  deciding.add({
    type: 'CRON_RUN_QUEUED',
    data: { at: deciding.now, ...named(run), reason },
    ...(known === undefined && { key: firstKeyOf(run) }),
  })
}

/** What waits never runs; what nobody works on ends; what is worked on ends by itself. */
export function endForDeletion(deciding: Deciding): void {
  for (const run of deciding.job.runs) {
    const { now: at } = deciding
    if (run.state === 'held' || run.state === 'queued')
      deciding.add({ type: 'CRON_RUN_SKIPPED', data: { at, ...named(run), reason: 'deleted' } })
    else if (isIdle(deciding, run))
      deciding.add({ type: 'CRON_RUN_FINISHED', data: { at, run: run.run, status: 'cancelled' } })
  }
}
