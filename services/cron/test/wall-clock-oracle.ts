/**
 * When a cron expression runs, found out the long way: the clocks of a zone are read minute by minute, and each reading is
 * held against the expression. It shares nothing with what it is compared to: no parser, no search for changes, no croner.
 */
export interface Reading {
  /** The instant. */
  readonly at: number
  /** What the clocks show then, as the instant at which clocks in UTC show it. */
  readonly wall: number
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** What the clocks of a zone show from one instant up to another, every `stepMs`. */
export function readClocks(
  zone: string,
  from: number,
  until: number,
  stepMs = MINUTE_MS,
): readonly Reading[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return Array.from({ length: Math.ceil((until - from) / stepMs) }, (_, index) => {
    const at = from + index * stepMs
    const shown: Partial<Record<string, number>> = {}
    for (const { type, value } of format.formatToParts(at)) shown[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown
    return { at, wall: Date.UTC(year, month - 1, day, hour, minute, second) }
  })
}

/** The instants in a year at which the clocks of a zone are put forward or back, to the minute. */
export function changesIn(zone: string, year: number): readonly number[] {
  const days = readClocks(zone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1), DAY_MS)
  return days.slice(1).flatMap((day, index) => {
    const before = days[index]
    if (before === undefined || day.wall - before.wall === DAY_MS) return []
    const minutes = readClocks(zone, before.at, day.at + MINUTE_MS)
    const found = minutes
      .slice(1)
      .find(({ wall }, minute) => wall - (minutes[minute]?.wall ?? 0) !== MINUTE_MS)
    return found === undefined ? [] : [found.at]
  })
}

/** The instants at which the expression runs, among those at which the clocks were read. */
export function runsAmong(
  readings: readonly Reading[],
  cron: string,
  dst: 'vixie' | 'skip' | 'literal',
): readonly number[] {
  const fits = matcherOf(cron)
  const [minute = '', hour = ''] = cron.split(' ').slice(cron.split(' ').length === 6 ? 1 : 0)
  const fixed = !minute.includes('*') && !hour.includes('*')
  const once = dst === 'skip' || (dst === 'vixie' && fixed)
  const seen = new Set<number>()
  const runs: number[] = []
  const step = (readings[1]?.at ?? 0) - (readings[0]?.at ?? 0)
  let expected = readings[0]?.wall ?? 0
  for (const { at, wall } of readings) {
    let runsNow = fits(wall) && !(once && seen.has(wall))
    for (let missed = expected; missed < wall; missed += step)
      runsNow ||= dst === 'vixie' && fixed && fits(missed)
    if (runsNow) runs.push(at)
    seen.add(wall)
    expected = wall + step
  }
  return runs
}

/** Whether a wall-clock time fits five or six fields: each value is held against each item. */
export function matcherOf(cron: string, domDow: 'or' | 'and' = 'or'): (wall: number) => boolean {
  const parts = cron.split(' ')
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] =
    parts.length === 5 ? ['0', ...parts] : parts
  const seconds = fitting(60, (value) => anyItem(second, (item) => numberFits(item, value, 0, 59)))
  const minutes = fitting(60, (value) => anyItem(minute, (item) => numberFits(item, value, 0, 59)))
  const hours = fitting(24, (value) => anyItem(hour, (item) => numberFits(item, value, 0, 23)))
  const days = new Map<number, boolean>()
  return (wall) => {
    const number = Math.floor(wall / DAY_MS)
    const sinceMidnight = Math.floor((wall - number * DAY_MS) / 1_000)
    if (!seconds.has(sinceMidnight % 60) || !minutes.has(Math.floor(sinceMidnight / 60) % 60)) return false
    if (!hours.has(Math.floor(sinceMidnight / 3_600))) return false
    const known =
      days.get(number) ?? dateFits({ day, month, weekday, both: domDow === 'and' }, new Date(wall))
    days.set(number, known)
    return known
  }
}

function fitting(count: number, fits: (value: number) => boolean): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, value) => value).filter(fits))
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

function anyItem(field: string, fits: (item: string) => boolean): boolean {
  return field.split(',').some(fits)
}

function numbered(item: string, names: readonly string[], first: number): string {
  return names.reduce((text, name, index) => text.toUpperCase().replaceAll(name, String(index + first)), item)
}

function numberFits(item: string, value: number, min: number, max: number): boolean {
  const [range = '', step] = item.split('/')
  const [low = '', high] = range === '*' ? [String(min), String(max)] : range.split('-')
  const from = Number(low)
  const to = high === undefined ? (step === undefined ? from : max) : Number(high)
  const beyond = value < from ? max - min + 1 : 0
  const inside = from <= to ? value >= from && value <= to : value >= from || value <= to
  return inside && (value + beyond - from) % Number(step ?? 1) === 0
}

interface AskedDays {
  readonly day: string
  readonly month: string
  readonly weekday: string
  readonly both: boolean
}

function dateFits(asked: AskedDays, time: Date): boolean {
  const month = time.getUTCMonth() + 1
  return (
    anyItem(asked.month, (item) => numberFits(numbered(item, MONTHS, 1), month, 1, 12)) &&
    dayFits(asked, time)
  )
}

function dayFits(asked: AskedDays, time: Date): boolean {
  const both = asked.both || asked.weekday.startsWith('+')
  const free = (field: string) => field === '*' || field === '?'
  const byDay = anyItem(asked.day, (item) => monthDayFits(item.toUpperCase(), time))
  const byWeekday = anyItem(asked.weekday.replace('+', ''), (item) =>
    weekdayFits(numbered(item, WEEKDAYS, 0), time),
  )
  if (free(asked.day)) return free(asked.weekday) || byWeekday
  if (free(asked.weekday)) return byDay
  return both ? byDay && byWeekday : byDay || byWeekday
}

function monthDayFits(item: string, time: Date): boolean {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  if (item === 'L') return day === last
  const nearest = item === 'LW' ? String(last) : /^(\d+)W$/.exec(item)?.[1]
  if (nearest === undefined) return item !== '?' && numberFits(item, day, 1, 31)
  const asked = Number(nearest)
  if (asked > last) return false
  const isWorkday = (which: number) => ![0, 6].includes(new Date(Date.UTC(year, month, which)).getUTCDay())
  // The nearest by distance; from a Saturday Friday is, from a Sunday Monday, unless that is in another month.
  const near = [0, -1, 1, -2, 2].map((by) => asked + by).filter((which) => which >= 1 && which <= last)
  return near.find(isWorkday) === day
}

function weekdayFits(item: string, time: Date): boolean {
  const weekday = time.getUTCDay()
  const [which = '', nth = /L$/i.test(item) ? 'L' : undefined] = item.toUpperCase().split('#')
  // Sunday is 7 as well, but a range without an end stops at Saturday.
  const fits = (text: string) =>
    numberFits(text, weekday, 0, 6) || (weekday === 0 && /7/.test(text) && numberFits(text, 7, 0, 7))
  if (nth === undefined) return item !== '?' && fits(which)
  if (!fits(which.replace('L', ''))) return false
  const inAWeek = new Date(time.getTime() + 7 * DAY_MS)
  return nth === 'L'
    ? inAWeek.getUTCMonth() !== time.getUTCMonth()
    : Math.ceil(time.getUTCDate() / 7) === Number(nth)
}
