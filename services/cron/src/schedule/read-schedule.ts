import { isInstant, type Schedule } from '@daybook/events'
import type { CronSchedule } from './cron-schedule.ts'
import { readExpression } from './expression.ts'
import { unreadable } from './field.ts'
import { type Passage, passages } from './passages.ts'
import { TimeZones } from './time-zones.ts'
import { WallTimesReader } from './wall-times.ts'

/** The last instant that can be written with four digits for its year. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
/** Cron expressions are read from 1970 on. */
const BEFORE_FIRST_INSTANT = -1

/** A schedule that was read. Instants are milliseconds since 1970. */
export interface ReadSchedule {
  /** What happens after that instant, in the order of time; `wall` is by the clocks of the zone. */
  passages(after: number): Iterable<Passage>
  /** By how much the clocks are ahead of UTC then. */
  offsetAt(instant: number): number
  /** Whether the expression has a time then or later, clocks that are changed apart. */
  hasTimesFrom(instant: number): boolean
}

/** What reading schedules needs and keeps: one for a process. */
export class ScheduleParts {
  readonly #zones = new TimeZones()
  readonly #wallTimes = new WallTimesReader()

  /** Codes: `invalid-schedule`, `unknown-timezone`. */
  read(schedule: Schedule): ReadSchedule {
    if ('cron' in schedule) return this.#readCron(schedule)
    if ('at' in schedule) return once(checkedInstant('at', schedule.at))
    const { everyMs, anchor } = schedule
    return everySoOften(everyMs, anchor === undefined ? 0 : checkedInstant('anchor', anchor))
  }

  #readCron({ cron, timezone, dst, domDow }: CronSchedule): ReadSchedule {
    const expression = readExpression(cron, domDow)
    const zone = this.#zones.of(timezone)
    const times = this.#wallTimes.of(expression)
    return {
      passages: (after) =>
        passages({ times, zone, dst, fixed: expression.fixed }, Math.max(after, BEFORE_FIRST_INSTANT)),
      offsetAt: (instant) => zone.stretchAt(instant).offsetMs,
      hasTimesFrom: (instant) => times.atOrAfter(instant + zone.stretchAt(instant).offsetMs) !== undefined,
    }
  }
}

/** Code: `invalid-schedule`, for the 30th of February. */
export function checkedInstant(name: string, text: string): number {
  if (isInstant(text)) return Date.parse(text)
  throw unreadable(
    `${name} is '${text}': write an instant of the calendar in UTC, like 2026-11-22T03:00:00.000Z`,
  )
}

function once(at: number): ReadSchedule {
  return {
    passages: (after) => (after < at ? [{ is: 'slot', at, wall: at }] : []),
    offsetAt: () => 0,
    hasTimesFrom: (instant) => instant <= at,
  }
}

function everySoOften(everyMs: number, anchor: number): ReadSchedule {
  return {
    *passages(after) {
      const first = anchor + (Math.floor((after - anchor) / everyMs) + 1) * everyMs
      for (let at = first; at <= LAST_INSTANT; at += everyMs) yield { is: 'slot', at, wall: at }
    },
    offsetAt: () => 0,
    hasTimesFrom: () => true,
  }
}
