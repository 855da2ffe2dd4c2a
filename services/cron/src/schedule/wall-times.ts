import { LeastRecentlyUsed } from '@daybook/runtime'
import { Cron } from 'croner'
import type { Expression } from './expression.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** croner keeps 80 KB for each pattern, and most jobs share the same few patterns of days. */
const DAY_PATTERNS_MAX = 200

/** The end of the years that an expression can name: what comes later is not looked for. */
const WALL_END = Date.UTC(2200, 0, 1)

/**
 * A wall-clock time as a number: that of the instant at which a clock in UTC shows the same. So days are 24 hours long
 * here, and no clock is ever changed: what a time zone makes of it is for `passages`.
 */
export interface WallTimes {
  /** The first wall-clock time of the expression that is not before that one; undefined when there is none up to 2199. */
  atOrAfter(wall: number): number | undefined
}

interface Days {
  /** The first day that fits and is not before that one, counted from 1970-01-01. */
  atOrAfter(day: number): number | undefined
}

/** What finds the wall-clock times of expressions. Expressions with the same days share the search for them. */
export class WallTimesReader {
  readonly #days = new LeastRecentlyUsed<Days>(DAY_PATTERNS_MAX)

  of(expression: Expression): WallTimes {
    return { atOrAfter: (wall) => this.#atOrAfter(expression, wall) }
  }

  #atOrAfter(expression: Expression, wall: number): number | undefined {
    const days = this.#daysOf(expression)
    const today = Math.floor(wall / DAY_MS)
    const day = days.atOrAfter(today)
    if (day === undefined) return undefined
    const time = timeAtOrAfter(expression, day === today ? wall - today * DAY_MS : 0)
    if (time !== undefined) return day * DAY_MS + time
    const later = days.atOrAfter(today + 1)
    return later === undefined ? undefined : later * DAY_MS + (timeAtOrAfter(expression, 0) ?? 0)
  }

  #daysOf({ days, bothDays }: Expression): Days {
    const name = bothDays ? `+ ${days}` : days
    const known = this.#days.get(name)
    if (known !== undefined) return known
    const found = rememberingLast(daysByCroner(days, bothDays))
    this.#days.set(name, found)
    return found
  }
}

/** Without a time zone croner need not ask Intl, which makes it ten times as fast. */
function daysByCroner(days: string, bothDays: boolean): Days {
  const midnights = new Cron(`0 0 0 ${days}`, { mode: '7-part', utcOffset: 0, domAndDow: bothDays })
  return {
    atOrAfter: (day) => {
      const found = midnights.nextRun(new Date(day * DAY_MS - SECOND_MS))?.getTime()
      return found === undefined || found >= WALL_END ? undefined : found / DAY_MS
    },
  }
}

/** Nearly all questions are about the same day as the last one. That a pattern never fits takes 5 ms to find out, so it is kept too. */
function rememberingLast(days: Days): Days {
  let from = Number.POSITIVE_INFINITY
  let found: number | undefined
  return {
    atOrAfter: (day) => {
      if (day < from || (found !== undefined && day > found)) {
        found = days.atOrAfter(day)
        from = day
      }
      return found
    },
  }
}

/** The first time of day that is not before that one, in milliseconds since midnight. */
function timeAtOrAfter({ hours, minutes, seconds }: Expression, sinceMidnightMs: number): number | undefined {
  for (const hour of hours) {
    const hourMs = hour * HOUR_MS
    if (hourMs + HOUR_MS <= sinceMidnightMs) continue
    for (const minute of minutes) {
      const minuteMs = hourMs + minute * MINUTE_MS
      if (minuteMs + MINUTE_MS <= sinceMidnightMs) continue
      const second = seconds.find((value) => minuteMs + value * SECOND_MS >= sinceMidnightMs)
      if (second !== undefined) return minuteMs + second * SECOND_MS
    }
  }
  return undefined
}
