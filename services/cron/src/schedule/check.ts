import { DaybookError } from '@daybook/errors'
import type { JobDefinition, Schedule } from '@daybook/events'
import { firstSlot } from './first-slot.ts'
import { checkedInstant, type ReadSchedule } from './read-schedule.ts'

/** What says when a job runs. Slots at `startAt` and at `endAt` are inside. */
export type Scheduled = Pick<JobDefinition, 'schedule' | 'startAt' | 'endAt'>

/** Refuses a schedule that has no slot after `now` between `startAt` and `endAt`. Codes: `invalid-schedule`, `never-fires`. */
export function checkSchedule(
  read: ReadSchedule,
  { schedule, startAt, endAt }: Scheduled,
  now: string,
): void {
  const beforeStart = startAt === undefined ? undefined : checkedInstant('startAt', startAt) - 1
  if (endAt !== undefined) checkedInstant('endAt', endAt)
  const after = Math.max(Date.parse(now), beforeStart ?? Number.NEGATIVE_INFINITY)
  const first = firstSlot(read, after)
  if (first === undefined) throw neverFires(whyNone(read, schedule, after))
  if (endAt !== undefined && first > endAt)
    throw neverFires(
      `its next time is ${first}, after endAt (${endAt}); write a later endAt, or leave it out`,
    )
}

function neverFires(why: string): DaybookError {
  return new DaybookError('never-fires', `The schedule has no time: ${why}`)
}

function whyNone(read: ReadSchedule, schedule: Schedule, after: number): string {
  const since = new Date(after).toISOString()
  if ('at' in schedule) return `${schedule.at} is not after ${since}; write a later instant, or use run-now`
  if (!('cron' in schedule)) return `the year 10000 is not planned for`
  const { cron, timezone, dst } = schedule
  const instead = dst === 'vixie' ? 'write the time without *' : 'take dst vixie'
  if (read.hasTimesFrom(after))
    return `in ${timezone} the clocks are put forward over each time of '${cron}'; write another time, or ${instead}`
  return `no day after ${since} fits '${cron}', up to the end of 2199; write other days, months or years`
}
