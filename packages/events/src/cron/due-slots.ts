import { later } from '../inbound/lease.ts'
import type { CronCommand } from './command.ts'
import type { Deciding } from './deciding.ts'
import { jitterMsOf } from './jitter.ts'
import type { CronJob } from './job.ts'

/** So many times are looked at once: some more than a job makes up for, so that it gets on where there are far more. */
const SLOTS_MAX = 2_000

/** A time of a job, and when it is due: by its jitter later. */
export interface DueSlot {
  readonly slot: string
  readonly dueAt: string
}

/** The times that have come and that nothing is decided about, in order. */
export function dueSlots({ job, now, circumstances }: Deciding): {
  late: string[]
  onTime: string[]
  /** There are further ones that may be late as well. */
  hasMore: boolean
} {
  const late: string[] = []
  const onTime: string[] = []
  for (let after: string | undefined; ; ) {
    const next = nextSlot(job, circumstances.slotsOf, after)
    if (next === undefined || next.dueAt > now) return { late, onTime, hasMore: false }
    if (late.length + onTime.length === SLOTS_MAX) return { late, onTime, hasMore: onTime.length === 0 }
    const isLate = later(next.dueAt, job.definition?.misfireGraceMs ?? 0) < now
    // Jitter may make a later time due sooner; the order of the times stays.
    if (isLate && onTime.length === 0) late.push(next.slot)
    else onTime.push(next.slot)
    after = next.slot
  }
}

/** The first time that nothing is decided about, or the first one after another; undefined when there is none any more. */
export function nextSlot(
  job: CronJob,
  slotsOf: CronCommand['slotsOf'],
  after: string = job.decidedUpTo,
): DueSlot | undefined {
  const { definition } = job
  if (definition === undefined) return undefined
  const { schedule, startAt, endAt, jitterMs } = definition
  const beforeStart = startAt === undefined ? undefined : later(startAt, -1)
  const from = beforeStart !== undefined && beforeStart > after ? beforeStart : after
  const slot = slotsOf(schedule).after(from)
  if (slot === undefined || (endAt !== undefined && slot > endAt)) return undefined
  return { slot, dueAt: later(slot, jitterMsOf({ name: job.name, slot, jitterMs })) }
}
