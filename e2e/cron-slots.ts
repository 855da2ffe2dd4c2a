/**
 * The times of simple schedules, worked out the slow way: a cron expression by looking at each second, in UTC. None of what
 * Daybook works them out with is used, so that a fault of it shows.
 */
export type SimpleSchedule =
  | { readonly everyMs: number; readonly anchor?: string }
  /** Six fields. Seconds, minutes and hours may be `*`, a number, or every so many of them; the rest is `*`. */
  | { readonly cron: string }

const SECOND_MS = 1_000
const DAY_S = 24 * 60 * 60

/** All times of a schedule after one instant and up to another one, in order. */
export function slotsBetween(schedule: SimpleSchedule, after: string, upTo: string): string[] {
  const [afterMs, upToMs] = [Date.parse(after), Date.parse(upTo)]
  const slots =
    'cron' in schedule ? bySecond(schedule.cron, afterMs, upToMs) : byPeriod(schedule, afterMs, upToMs)
  return slots.map((slot) => new Date(slot).toISOString())
}

function byPeriod(
  { everyMs, anchor = '1970-01-01T00:00:00.000Z' }: Extract<SimpleSchedule, { everyMs: number }>,
  afterMs: number,
  upToMs: number,
): number[] {
  const anchorMs = Date.parse(anchor)
  const found: number[] = []
  let slot = anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs
  for (; slot <= upToMs; slot += everyMs) found.push(slot)
  return found
}

function bySecond(cron: string, afterMs: number, upToMs: number): number[] {
  const [seconds, minutes, hours] = cron.split(' ').map(fitOf)
  const found: number[] = []
  for (let second = Math.floor(afterMs / SECOND_MS) + 1; second * SECOND_MS <= upToMs; second += 1) {
    const ofDay = second % DAY_S
    const fits =
      seconds?.(ofDay % 60) === true &&
      minutes?.(Math.floor(ofDay / 60) % 60) === true &&
      hours?.(Math.floor(ofDay / 3_600)) === true
    if (fits) found.push(second * SECOND_MS)
  }
  return found
}

function fitOf(field: string): (value: number) => boolean {
  if (field === '*') return () => true
  if (field.startsWith('*/')) return (value) => value % Number(field.slice(2)) === 0
  return (value) => value === Number(field)
}
