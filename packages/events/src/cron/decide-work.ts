import { DaybookError } from '@daybook/errors'
import type { AttemptFailure } from '../inbound/command.ts'
import { later } from '../inbound/lease.ts'
import { holdsLease } from '../inbound/message.ts'
import type { CronCommandOf } from './command.ts'
import { unknownRun } from './decide-run.ts'
import type { Deciding } from './deciding.ts'
import type { CronRun } from './job.ts'
import { drain } from './queue.ts'
import { settleRuns } from './settle-runs.ts'
import { failAttempt } from './start.ts'

/** What who does the work says, and what an attempt without a worker came to. */
export function decideWork(
  deciding: Deciding,
  command: CronCommandOf<'ended' | 'claim' | 'extend' | 'release' | 'finish'>,
): void {
  switch (command.name) {
    case 'claim':
      return claim(deciding, command)
    case 'extend':
      return extend(deciding, command)
    case 'release':
      return release(deciding, command)
    case 'finish': {
      const run = held(deciding, command)
      return end(deciding, run, command)
    }
    case 'ended': {
      const run = deciding.run(command.run)
      if (run?.state !== 'active' || run.attempt !== command.attempt) return
      return end(deciding, run, command)
    }
    default:
      return command satisfies never
  }
}

/** The same claim again has the same lease, for as long as it holds. */
function claim(deciding: Deciding, { run: name, worker, claimId, ...wish }: CronCommandOf<'claim'>): void {
  const { now: at, job } = deciding
  const before = deciding.run(name)
  if (before === undefined) throw unknownRun(name)
  if (before.lease?.claimId === claimId && before.lease.worker === worker && before.lease.until > at) return
  settleRuns(deciding)
  const run = deciding.run(name)
  const action = job.definition?.action
  const isFree = run?.state === 'active' && run.lease === undefined
  if (action?.do === 'deliver' && isFree) {
    const until = untilOf(run, at, wish.leaseMs ?? action.leaseMs)
    const data = { at, run: name, attempt: run.attempt, worker, claimId, until }
    deciding.add({ type: 'CRON_RUN_CLAIMED', data })
  }
  drain(deciding)
}

function extend(deciding: Deciding, command: CronCommandOf<'extend'>): void {
  const { now: at, job } = deciding
  const run = held(deciding, command)
  const action = job.definition?.action
  const leaseMs = command.leaseMs ?? (action?.do === 'deliver' ? action.leaseMs : 0)
  const until = untilOf(run, at, leaseMs)
  deciding.add({ type: 'CRON_RUN_EXTENDED', data: { at, run: run.run, token: command.token, until } })
}

/** What was asked to end has ended, then. */
function release(deciding: Deciding, command: CronCommandOf<'release'>): void {
  const { now: at } = deciding
  const { run, cancel } = held(deciding, command)
  const data = { at, run, token: command.token }
  if (cancel === undefined)
    return deciding.add({ type: 'CRON_RUN_RELEASED', data: { ...data, reason: command.reason } })
  deciding.add({ type: 'CRON_RUN_FINISHED', data: { ...data, status: 'cancelled' } })
  drain(deciding)
}

/** A lease never lasts beyond the run's deadline. */
function untilOf({ deadline }: CronRun, at: string, leaseMs: number): string {
  const until = later(at, leaseMs)
  return deadline !== undefined && deadline < until ? deadline : until
}

function end(
  deciding: Deciding,
  run: CronRun,
  { status, result, error, ...rest }: CronCommandOf<'ended' | 'finish'>,
): void {
  const { now: at } = deciding
  const token = 'token' in rest ? rest.token : undefined
  if (status === 'failed') failAttempt(deciding, run, { error: error ?? UNSAID, token })
  else {
    const more = { ...(token !== undefined && { token }), ...(result !== undefined && { result }) }
    deciding.add({ type: 'CRON_RUN_FINISHED', data: { at, run: run.run, status, ...more } })
  }
  drain(deciding)
}

const UNSAID: AttemptFailure = {
  class: 'failed',
  message: 'It failed; nobody said why.',
  retryable: true,
}

/** Code: `lease-lost`. */
function held(
  deciding: Deciding,
  { run: name, token }: CronCommandOf<'extend' | 'release' | 'finish'>,
): CronRun {
  const run = deciding.run(name)
  if (run !== undefined && holdsLease(run.lease, token) && run.lease.until > deciding.now) return run
  const message = `The lease ${token} of the run ${name} does not hold any more: it ran out, or the run has ended. What was done for it must not be told again; take the next one.`
  throw new DaybookError('lease-lost', message, { details: { run: name, token } })
}
