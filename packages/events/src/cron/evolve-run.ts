import type { JsonObject } from '@daybook/errors'
import { extended, numberOf } from '../inbound/lease.ts'
import { members, objectOf, texts } from '../run/read.ts'
import type { CronHappening, EvolvedCron } from './evolve.ts'
import type { CronJob, CronRun } from './job.ts'
import { runNameOfSlot } from './names.ts'

/** A person can read this many; what came before them is in the journal. */
const FAILURES_KEPT = 20

/** An event with the instant at which it was decided. */
type Happening = CronHappening & { readonly at: string }

/** The job and the run after an event about a run, or about times that were missed. */
export function evolveRun(job: CronJob, event: Happening): EvolvedCron {
  if (event.type === 'CRON_SLOTS_MISSED') return missed(job, event)
  const name = texts(event.data, ['run']).run ?? event.correlationId
  if (name === undefined) return { job, changed: [] }
  const before = job.runs.find(({ run }) => run === name)
  const known = before ?? firstHeardOf(name, event)
  const run = apply({ ...known, lastSeq: event.seq }, event)
  const isOpen = run.endedAt === undefined
  const others = job.runs.filter((one) => one !== before)
  const runs = isOpen ? replaceOrAppend(job.runs, before, run) : others
  return { job: counted({ ...job, runs }, { before, run, event }), changed: [run] }
}

function replaceOrAppend(runs: readonly CronRun[], before: CronRun | undefined, run: CronRun): CronRun[] {
  return before === undefined ? [...runs, run] : runs.map((one) => (one === before ? run : one))
}

function firstHeardOf(run: string, { data, seq, at }: Happening): CronRun {
  return {
    run,
    state: 'queued',
    ...texts(data, ['slot']),
    cause: causeOf(data),
    decidedAt: at,
    decidedSeq: seq,
    attempt: 0,
    failures: [],
    lastSeq: seq,
  }
}

function causeOf({ cause }: JsonObject): CronRun['cause'] {
  return cause === 'now' || cause === 'backfill' ? cause : 'slot'
}

/** Each that is not named here is of a later version of Daybook. */
function apply(run: CronRun, event: Happening): CronRun {
  const { data, seq, at } = event
  const { lease: _lease, nextAt: _nextAt, ...rest } = run
  switch (event.type) {
    case 'CRON_RUN_STARTED':
      return {
        ...rest,
        state: 'active',
        attempt: Math.max(run.attempt + 1, numberOf(data, 'attempt')),
        startedAt: run.startedAt ?? at,
        ...texts(data, ['deadline', 'target']),
      }
    case 'CRON_RUN_QUEUED':
      return { ...rest, state: 'queued', ...texts(data, ['reason']) }
    case 'CRON_RUN_HELD':
      return { ...rest, state: 'held' }
    case 'CRON_RUN_REPLACED':
    case 'CRON_RUN_CANCEL_REQUESTED': {
      const { giveUpAt = at, by, reason } = texts(data, ['giveUpAt', 'by', 'reason'])
      const why = { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) }
      return { ...run, cancel: { at, giveUpAt, seq, ...why } }
    }
    case 'CRON_RUN_CLAIMED':
      return { ...run, lease: granted(event) }
    case 'CRON_RUN_EXTENDED': {
      const { until = at } = texts(data, ['until'])
      return run.lease === undefined ? run : { ...run, lease: { ...extended(run.lease, event), until } }
    }
    case 'CRON_RUN_RELEASED':
      return rest
    case 'CRON_RUN_RETRIED':
      return retrying(run, event)
    default:
      return ended(run, event)
  }
}

function ended(run: CronRun, { type, data, seq, at }: Happening): CronRun {
  const { lease: _lease, nextAt: _nextAt, ...rest } = run
  const end = { endedAt: at, endedSeq: seq }
  switch (type) {
    case 'CRON_RUN_SKIPPED':
      return { ...rest, state: 'skipped', ...end, ...texts(data, ['reason', 'note']) }
    case 'CRON_RUN_TIMED_OUT':
      return { ...rest, state: 'timed-out', ...end }
    case 'CRON_RUN_FINISHED': {
      const token = numberOf(data, 'token')
      const error = errorOf(data)
      return {
        ...rest,
        state: statusOf(data),
        ...end,
        ...(token > 0 && { endedToken: token }),
        ...members(data, ['result']),
        ...(error !== undefined && { error }),
      }
    }
    default:
      return run
  }
}

function retrying(run: CronRun, { data, seq, at }: Happening): CronRun {
  const { lease, ...rest } = run
  const { nextAt = at } = texts(data, ['nextAt'])
  const token = numberOf(data, 'token')
  const error = errorOf(data)
  const failure = {
    attempt: Math.max(1, run.attempt),
    at,
    seq,
    ...(lease !== undefined && { worker: lease.worker }),
    ...(token > 0 && { token }),
    ...(error !== undefined && { error }),
  }
  return { ...rest, state: 'retrying', nextAt, failures: [...run.failures, failure].slice(-FAILURES_KEPT) }
}

/** What an erased one said is not known, so its lease is over at once. */
function granted({ data, seq, at }: Happening): NonNullable<CronRun['lease']> {
  const { worker = '', claimId = '', until = at } = texts(data, ['worker', 'claimId', 'until'])
  return { worker, claimId, token: seq, tokens: [], until }
}

function errorOf(data: JsonObject): CronRun['error'] {
  const error = objectOf(data, 'error')
  const { class: kind = '', message = '' } = texts(error, ['class', 'message'])
  return kind === '' ? undefined : { class: kind, message, retryable: error['retryable'] !== false }
}

/** What is not said any more may have been any of them. */
function statusOf({ status }: JsonObject): 'succeeded' | 'failed' | 'cancelled' {
  return status === 'succeeded' || status === 'failed' ? status : 'cancelled'
}

function missed(job: CronJob, { data, seq, at }: Happening): EvolvedCron {
  const { from = at, to = at, reason = '' } = texts(data, ['from', 'to', 'reason'])
  const count = Math.max(1, numberOf(data, 'count'))
  const run: CronRun = {
    run: `missed-${runNameOfSlot(from)}`,
    state: 'missed',
    slot: from,
    to,
    count,
    cause: 'slot',
    decidedAt: at,
    decidedSeq: seq,
    reason,
    attempt: 0,
    failures: [],
    endedAt: at,
    endedSeq: seq,
    lastSeq: seq,
  }
  const counts = { ...job.counts, missed: job.counts.missed + count }
  return { job: { ...job, counts, decidedUpTo: to > job.decidedUpTo ? to : job.decidedUpTo }, changed: [run] }
}

/** Under which count a run goes once it has ended. */
const COUNTED_AS: { readonly [State in CronRun['state']]?: keyof CronJob['counts'] } = {
  succeeded: 'succeeded',
  failed: 'failed',
  'timed-out': 'timedOut',
  cancelled: 'cancelled',
  skipped: 'skipped',
}

/** How far its times are decided, and what has become of them. */
function counted(
  job: CronJob,
  { before, run, event }: { before: CronRun | undefined; run: CronRun; event: Happening },
): CronJob {
  const { slot, cause, endedAt } = run
  const isOfSlot = cause === 'slot' && slot !== undefined
  const decidedUpTo = isOfSlot && slot > job.decidedUpTo ? slot : job.decidedUpTo
  const wasToRun = before !== undefined && before.state !== 'held'
  const isToRun = event.type === 'CRON_RUN_STARTED' || event.type === 'CRON_RUN_QUEUED'
  const slotRuns = job.slotRuns + (isOfSlot && isToRun && !wasToRun ? 1 : 0)
  const isFirstStart = event.type === 'CRON_RUN_STARTED' && run.attempt === 1
  const counts = { ...job.counts, started: job.counts.started + (isFirstStart ? 1 : 0) }
  const after = { ...job, decidedUpTo, slotRuns, counts }
  const as = COUNTED_AS[run.state]
  if (endedAt === undefined || as === undefined) return after
  const lastRun = run.state === 'skipped' ? {} : { lastRun: { run: run.run, state: run.state, endedAt } }
  return { ...after, ...lastRun, counts: { ...counts, [as]: counts[as] + 1 } }
}
