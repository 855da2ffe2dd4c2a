import { later } from '../inbound/lease.ts'
import type { Deciding } from './deciding.ts'
import { dueSlots } from './due-slots.ts'
import type { CronRun } from './job.ts'
import { runNameOfSlot } from './names.ts'
import { OPEN_RUNS_MAX } from './open-runs.ts'
import { drain, isBusy } from './queue.ts'
import { enqueue } from './requests.ts'
import { settleRuns } from './settle-runs.ts'
import { cancelTarget, firstKeyOf, isIdle, type NewRun, named, start } from './start.ts'

/**
 * What time alone makes happen to the job: what ran out of time ends, what waits starts, and for each time that has come it is
 * decided what becomes of it, in order. A bounded number at once: as long as something is due, it is to be asked again.
 */
export function settle(deciding: Deciding): void {
  settleRuns(deciding)
  drain(deciding)
  const { job } = deciding
  if (job.phase !== 'active' || job.definition === undefined) return
  const { misfire, catchUpLimit } = job.definition
  const { late, onTime, hasMore } = dueSlots(deciding)
  if (misfire === 'skip') miss(deciding, late, 'misfire')
  if (misfire === 'run-once') runOnce(deciding, late, hasMore || onTime.length > 0)
  if (misfire === 'catch-up' || misfire === 'review') miss(deciding, late.slice(0, -catchUpLimit), 'limit')
  if (hasMore) return
  if (misfire === 'catch-up') catchUp(deciding, late.slice(-catchUpLimit))
  if (misfire === 'review') hold(deciding, late.slice(-catchUpLimit))
  for (const slot of onTime) {
    if (deciding.isEnough) return
    decideSlot(deciding, slot)
  }
}

/** The latest stands for all. */
function runOnce(deciding: Deciding, late: readonly string[], isFollowed: boolean): void {
  const last = isFollowed ? undefined : late.at(-1)
  miss(deciding, last === undefined ? late : late.slice(0, -1), 'superseded')
  if (last !== undefined) decideSlot(deciding, last)
}

/** One after the other, the oldest first, unless runs may overlap. */
function catchUp(deciding: Deciding, late: readonly string[]): void {
  for (const slot of late) {
    if (isOver(deciding) || deciding.isEnough) return
    const run = runOf(slot)
    const isAtOnce = deciding.job.definition?.concurrency === 'allow' || !isBusy(deciding)
    if (isFull(deciding)) skip(deciding, run, 'queue-full')
    else if (isAtOnce) start(deciding, run)
    else enqueue(deciding, run, 'catch-up')
  }
}

function hold(deciding: Deciding, late: readonly string[]): void {
  for (const slot of late) {
    if (deciding.isEnough) return
    const run = runOf(slot)
    const { now: at } = deciding
    if (isFull(deciding)) skip(deciding, run, 'queue-full')
    else deciding.add({ type: 'CRON_RUN_HELD', data: { at, run: run.run, slot }, key: firstKeyOf(run) })
  }
}

function miss(
  deciding: Deciding,
  slots: readonly string[],
  reason: 'misfire' | 'superseded' | 'limit',
): void {
  const [from] = slots
  const to = slots.at(-1)
  if (from === undefined || to === undefined) return
  const data = { at: deciding.now, from, to, count: slots.length, reason }
  deciding.add({ type: 'CRON_SLOTS_MISSED', data, key: firstKeyOf(runOf(to)) })
}

/** A time that has come: what runs already says what becomes of it. */
function decideSlot(deciding: Deciding, slot: string): void {
  if (isOver(deciding)) return
  const run = runOf(slot)
  const { definition } = deciding.job
  if (isFull(deciding)) return skip(deciding, run, 'queue-full')
  if (definition?.concurrency === 'allow' || !isOccupied(deciding)) return start(deciding, run)
  if (definition?.concurrency === 'replace') return replace(deciding, run)
  if (definition?.concurrency === 'forbid') return skip(deciding, run, 'overlap')
  const isOneWaiting = deciding.job.runs.some(({ state }) => state === 'queued')
  if (isOneWaiting) skip(deciding, run, 'queue-full')
  else enqueue(deciding, run, 'overlap')
}

/** What waits gives way at once; what runs is asked to end, and the new one starts when it has. */
function replace(deciding: Deciding, run: NewRun): void {
  const { now: at, job } = deciding
  for (const other of job.runs) {
    // What is asked already is not asked again when this is decided the next time.
    if (deciding.isEnough) return
    if (other.state === 'queued') skip(deciding, other, 'replaced')
    else if (other.state === 'held' || other.cancel !== undefined) continue
    else if (isIdle(deciding, other))
      deciding.add({ type: 'CRON_RUN_FINISHED', data: { at, run: other.run, status: 'cancelled' } })
    else askToEnd(deciding, other, run)
  }
  if (isBusy(deciding)) enqueue(deciding, run, 'overlap')
  else start(deciding, run)
}

function askToEnd(deciding: Deciding, other: CronRun, { run }: NewRun): void {
  const { now: at, job } = deciding
  const giveUpAt = later(at, job.definition?.cancelTimeoutMs ?? 0)
  deciding.add({ type: 'CRON_RUN_REPLACED', data: { at, run: other.run, by: run, giveUpAt } })
  cancelTarget(deciding, other, `The run ${run} of the job ${job.name} takes its place.`)
}

function skip(deciding: Deciding, run: NewRun, reason: 'overlap' | 'queue-full' | 'replaced'): void {
  const isNew = deciding.run(run.run) === undefined
  const data = { at: deciding.now, ...named(run), reason }
  deciding.add({ type: 'CRON_RUN_SKIPPED', data, ...(isNew && { key: firstKeyOf(run) }) })
}

function runOf(slot: string): NewRun {
  return { run: runNameOfSlot(slot), slot, cause: 'slot' }
}

/** Something runs, or waits to. */
function isOccupied(deciding: Deciding): boolean {
  return deciding.job.runs.some(({ state }) => state !== 'held')
}

function isFull({ job }: Deciding): boolean {
  return job.runs.length >= OPEN_RUNS_MAX
}

/** Whether its times have made as many runs as they may. */
export function isOver({ job }: Pick<Deciding, 'job'>): boolean {
  const { maxRuns } = job.definition ?? {}
  return maxRuns !== undefined && job.slotRuns >= maxRuns
}
