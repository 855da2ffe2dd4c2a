import { DaybookError } from '@daybook/errors'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { TZDATA } from './tzdata.ts'

const SECOND_MS = 1_000
const DAY_MS = 24 * 60 * 60 * SECOND_MS

/**
 * How far apart the offset is looked at when changes are searched: the shortest stretch between two changes since 1970, and in
 * the rules up to 2199, lasts a week (Gaza, October 2040), as a look at all zones of 2025c showed.
 */
const LOOK_EVERY_MS = 3 * DAY_MS
/** Changes are searched, and kept, in windows of about a year. A multiple of the above. */
const WINDOW_MS = 366 * DAY_MS

/** A zone's formatter takes some 10 KB; who uses more zones than this at the same time makes them anew. */
const ZONES_MAX = 128
/** Windows of all zones together, some 300 bytes each. */
const WINDOWS_MAX = 2_000

/** A time in which the clocks of a zone are not changed. Instants are milliseconds since 1970. */
export interface Stretch {
  readonly from: number
  /** The next stretch begins here. Its clocks may go the same way as those of this one. */
  readonly until: number
  /** By how much the clocks are ahead of UTC. */
  readonly offsetMs: number
  /** By how much they were just before `from`. */
  readonly offsetBeforeMs: number
  /** By how much they are from `until` on. */
  readonly offsetAfterMs: number
}

/** The clocks of a time zone. */
export interface TimeZone {
  /** The stretch with that instant. */
  stretchAt(instant: number): Stretch
}

/** What is known of time zones, from the data that comes with Node.js. */
export class TimeZones {
  readonly #formats = new LeastRecentlyUsed<Intl.DateTimeFormat>(ZONES_MAX)
  readonly #windows = new LeastRecentlyUsed<readonly Stretch[]>(WINDOWS_MAX)

  /** Code: `unknown-timezone`. */
  of(name: string): TimeZone {
    this.#formatOf(name)
    let last: Stretch | undefined
    return {
      stretchAt: (instant) => {
        // Nearly all questions are about the stretch of the last one.
        if (last === undefined || instant < last.from || instant >= last.until)
          last = this.#stretchAt(name, instant)
        return last
      },
    }
  }

  #stretchAt(zone: string, instant: number): Stretch {
    const window = Math.floor(instant / WINDOW_MS)
    const name = `${zone} ${window}`
    const known = this.#windows.get(name)
    const stretches = known ?? stretchesOf(this.#formatOf(zone), window * WINDOW_MS)
    if (known === undefined) this.#windows.set(name, stretches)
    const found = stretches.findLast(({ from }) => from <= instant)
    if (found === undefined) throw new RangeError(`no stretch of ${zone} at ${instant}`)
    return found
  }

  #formatOf(zone: string): Intl.DateTimeFormat {
    const known = this.#formats.get(zone)
    if (known !== undefined) return known
    const format = openFormat(zone)
    this.#formats.set(zone, format)
    return format
  }
}

function openFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch (error) {
    throw new DaybookError(
      'unknown-timezone',
      `'${zone}' is not in the time zone data (${TZDATA}). ${adviceOn(zone)}`,
      {
        cause: error,
      },
    )
  }
}

/** Many write just the city. */
function adviceOn(zone: string): string {
  const city = zone.split('/').at(-1)?.trim().replaceAll(' ', '_').toLowerCase()
  const meant = Intl.supportedValuesOf('timeZone').find(
    (known) => known.split('/').at(-1)?.toLowerCase() === city,
  )
  return `Write ${meant ?? 'a name of the IANA data, like Europe/Berlin, or UTC'}`
}

/** The stretches of one window, in order, without gaps. */
function stretchesOf(format: Intl.DateTimeFormat, from: number): readonly Stretch[] {
  const stretches: Stretch[] = []
  let offsetBeforeMs = offsetAt(format, from - 1)
  let offsetMs = offsetAt(format, from)
  let begin = from
  for (let at = from; at < from + WINDOW_MS; at += LOOK_EVERY_MS) {
    const next = Math.min(at + LOOK_EVERY_MS, from + WINDOW_MS) - 1
    const offsetThen = offsetAt(format, next)
    if (offsetThen === offsetMs) continue
    const until = changeBetween(format, at, next)
    stretches.push({ from: begin, until, offsetMs, offsetBeforeMs, offsetAfterMs: offsetThen })
    offsetBeforeMs = offsetMs
    offsetMs = offsetThen
    begin = until
  }
  const until = from + WINDOW_MS
  const offsetAfterMs = offsetAt(format, until)
  return [...stretches, { from: begin, until, offsetMs, offsetBeforeMs, offsetAfterMs }]
}

/** The first millisecond of the other offset. */
function changeBetween(format: Intl.DateTimeFormat, before: number, after: number): number {
  const offsetMs = offsetAt(format, before)
  let same = before
  let other = after
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2)
    if (offsetAt(format, middle) === offsetMs) same = middle
    else other = middle
  }
  return other
}

/** From `3/29/2026, GMT+02:00`; just GMT is 0, and before 1972 some had seconds. */
function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(instant))
  if (found === null) throw new RangeError(`no offset at ${instant}`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found
  const offsetMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * SECOND_MS
  return sign === '-' ? -offsetMs : offsetMs
}
