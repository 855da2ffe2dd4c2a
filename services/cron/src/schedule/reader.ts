import type { Schedule, Slots } from '@daybook/events'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { checkSchedule, type Scheduled } from './check.ts'
import { firstSlot } from './first-slot.ts'
import { type PreviewAsked, type PreviewedSlot, preview } from './preview.ts'
import { type ReadSchedule, ScheduleParts } from './read-schedule.ts'

/** Some 1 KB each. Ten thousand jobs share far fewer schedules. */
const SCHEDULES_MAX = 2_000

/**
 * What knows the times of schedules. Pure, but for what it remembers: one for a process. To read a schedule takes 0.1 ms and is
 * remembered; so are days that were found and changes of the clocks, by which an answer takes 2 to 6 µs. Answers are not
 * remembered: to look one up would take as long.
 */
export interface ScheduleReader {
  /** Codes: `invalid-schedule`, `unknown-timezone`. */
  readonly slotsOf: (schedule: Schedule) => Slots
  /** Refuses what cannot be read, and what has no time any more. Codes: `invalid-schedule`, `unknown-timezone`, `never-fires`. */
  readonly check: (definition: Scheduled, now: string) => void
  /** The next slots, as people read them. Codes: `invalid-schedule`, `unknown-timezone`. */
  readonly preview: (schedule: Schedule, asked: PreviewAsked) => readonly PreviewedSlot[]
}

export function scheduleReader(): ScheduleReader {
  const parts = new ScheduleParts()
  const schedules = new LeastRecentlyUsed<ReadSchedule>(SCHEDULES_MAX)

  function read(schedule: Schedule): ReadSchedule {
    const name = nameOf(schedule)
    const known = schedules.get(name)
    if (known !== undefined) return known
    const found = parts.read(schedule)
    schedules.set(name, found)
    return found
  }

  return {
    slotsOf: (schedule) => {
      const times = read(schedule)
      return { after: (instant) => firstSlot(times, Date.parse(instant)) }
    },
    check: (definition, now) => checkSchedule(read(definition.schedule), definition, now),
    preview: (schedule, asked) => preview(read(schedule), asked),
  }
}

/** Equal for equal schedules. No member of the first kind holds a line break that means anything. */
function nameOf(schedule: Schedule): string {
  if ('cron' in schedule) return `${schedule.timezone}\n${schedule.dst}\n${schedule.domDow}\n${schedule.cron}`
  return 'at' in schedule ? `at ${schedule.at}` : `every ${schedule.everyMs} ${schedule.anchor ?? ''}`
}
