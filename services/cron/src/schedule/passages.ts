import type { CronSchedule } from './cron-schedule.ts'
import type { Stretch, TimeZone } from './time-zones.ts'
import type { WallTimes } from './wall-times.ts'

/**
 * How wall-clock times become instants.
 *
 * 1. The time line is walked in stretches in which the clocks of the zone go evenly. In a stretch, a wall-clock time is one
 *    instant, and a later one is later.
 * 2. Between two stretches the clocks go forward (wall-clock times are left out), back (some are repeated), or on.
 * 3. What is left out runs at the instant of the change, once, or not at all. What is repeated runs the first time, or both times.
 * 4. So the instants of slots rise strictly, and each depends on nothing but the schedule and the time zone data: wherever one
 *    starts to ask, the slots behind it are the same.
 */
export type Passage =
  /** `turn`: of a time that is repeated. */
  | {
      readonly is: 'slot'
      readonly at: number
      readonly wall: number
      readonly turn?: 'first' | 'second' | 'only'
    }
  /** `wall` is left out; it runs at `at`, when the clocks change. `more`: it is not the only one. */
  | { readonly is: 'moved'; readonly at: number; readonly wall: number; readonly more: boolean }
  /** As above; it does not run. */
  | { readonly is: 'left-out'; readonly at: number; readonly wall: number; readonly more: boolean }

/** What a schedule is made of, once it is read. */
export interface WalkedSchedule {
  readonly times: WallTimes
  readonly zone: TimeZone
  readonly dst: CronSchedule['dst']
  /** See `Expression`. */
  readonly fixed: boolean
}

/** cron(8) takes a change of the clocks by this or more for a correction, and goes by the new time at once. */
const CORRECTION_MS = 3 * 60 * 60 * 1000

/** What happens after that instant, in the order of time: each slot, and between them what was left out. */
export function* passages(schedule: WalkedSchedule, after: number): Generator<Passage, void, undefined> {
  const { times, zone } = schedule
  let stretch = zone.stretchAt(after)
  let wall = after + stretch.offsetMs + 1
  for (;;) {
    const asked = Math.max(wall, firstWall(schedule, stretch))
    const closes = stretch.until + stretch.offsetMs
    const reopens = stretch.until + stretch.offsetAfterMs
    let match = times.atOrAfter(asked)
    for (; match !== undefined && match < closes; match = times.atOrAfter(match + 1))
      yield slotAt(schedule, stretch, match)
    // The clocks never go back by as much as a stretch lasts, so nothing behind that is repeated has a time any more.
    if (match === undefined && reopens >= asked) return
    wall = reopens
    if (match !== undefined && match < reopens) {
      const moved = runsAfter(schedule, reopens - closes)
      const following = times.atOrAfter(match + 1)
      const more = following !== undefined && following < reopens
      yield { is: moved ? 'moved' : 'left-out', at: stretch.until, wall: match, more }
      // One that is due at this very instant by itself has run with it.
      if (moved) wall = reopens + 1
    }
    stretch = zone.stretchAt(stretch.until)
  }
}

/** Where the times of a stretch begin: behind those that are repeated, where these run once. */
function firstWall(schedule: WalkedSchedule, { from, offsetMs, offsetBeforeMs }: Stretch): number {
  const repeats = runsTwice(schedule, offsetBeforeMs - offsetMs)
  return from + (repeats ? offsetMs : Math.max(offsetMs, offsetBeforeMs))
}

function slotAt(schedule: WalkedSchedule, stretch: Stretch, wall: number): Passage {
  const { from, until, offsetMs, offsetBeforeMs, offsetAfterMs } = stretch
  const at = wall - offsetMs
  if (wall >= until + offsetAfterMs)
    return { is: 'slot', at, wall, turn: runsTwice(schedule, offsetMs - offsetAfterMs) ? 'first' : 'only' }
  if (wall < from + offsetBeforeMs) return { is: 'slot', at, wall, turn: 'second' }
  return { is: 'slot', at, wall }
}

function runsAfter({ dst, fixed }: WalkedSchedule, forwardMs: number): boolean {
  return dst === 'vixie' && fixed && forwardMs < CORRECTION_MS
}

function runsTwice({ dst, fixed }: WalkedSchedule, backMs: number): boolean {
  if (dst === 'vixie') return !fixed || backMs >= CORRECTION_MS
  return dst === 'literal'
}
