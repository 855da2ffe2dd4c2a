import { runNameOfSlot } from '@daybook/events'

/** A job as `POST /v1/cron/jobs` takes it, and when it is to start. */
export interface BenchJob {
  body: JobBody
  /** Milliseconds of the epoch, within what is measured. */
  slots: readonly number[]
}

export interface JobBody {
  name: string
  schedule: { cron: string; timezone: string } | { everyMs: number; anchor: string } | { at: string }
  action: JobAction
  /** A time is not skipped because the run before it has not ended. */
  concurrency?: 'allow'
  startAt?: string
  endAt?: string
}

type JobAction = { do: 'publish'; subject: string; payload: object } | { do: 'deliver'; payload: object }

/** Seconds between two in which many jobs are due: the machine is quiet again by then. */
export const EVERY_SECONDS = 15
const EVERY_MS = EVERY_SECONDS * 1_000

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Forty of them, all over the world: each expression has to be worked out for each. */
const zones = Intl.supportedValuesOf('timeZone').filter((_, index) => index % 10 === 0)

const zoneOf = (index: number): string => zones[index % zones.length] ?? 'UTC'
const instant = (ms: number): string => new Date(ms).toISOString()

/** Jobs that are not due within the next five hours, of all kinds. */
export function idleJobs(count: number, nowMs: number): BenchJob[] {
  return Array.from({ length: count }, (_, index) => {
    // Not the kind's own index, so that every kind meets every zone.
    const timezone = zoneOf(Math.floor(index / IDLE_KINDS))
    const dueMs = nowMs + (6 + (index % 12)) * HOUR_MS
    const body = {
      name: `idle-${index}`,
      schedule: idleSchedule(index, dueMs, timezone),
      action: publish('idle'),
    }
    return { body, slots: [] }
  })
}

const IDLE_KINDS = 7

function idleSchedule(index: number, dueMs: number, timezone: string): JobBody['schedule'] {
  const [hour, minute] = wallClock(dueMs, timezone)
  const cron = (expression: string): JobBody['schedule'] => ({ cron: expression, timezone })
  switch (index % IDLE_KINDS) {
    case 0:
      return cron(`${minute} ${hour} * * *`)
    case 1:
      return cron(`${index % 60} ${minute} ${hour} * * *`)
    case 2:
      return cron(`${minute} ${hour} * * 1-5`)
    case 3:
      return cron(`${minute} ${hour} L * *`)
    case 4:
      return cron(`${minute} ${hour} * * MON#1`)
    case 5:
      return { everyMs: DAY_MS, anchor: instant(dueMs) }
    default:
      return { at: instant(dueMs) }
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Hour and minute there. */
function wallClock(ms: number, timeZone: string): readonly [hour: number, minute: number] {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  clocks.set(timeZone, clock)
  const read = (type: 'hour' | 'minute'): number =>
    Number(clock.formatToParts(ms).find((part) => part.type === type)?.value)
  return [read('hour'), read('minute')]
}

/** Jobs that are all due at the same seconds, `EVERY_SECONDS` apart from `firstMs` on, by expressions of four kinds. */
export function jobsOfSeconds(
  stage: { name: string; action: 'publish' | 'deliver' },
  { count, firstMs, seconds }: { count: number; firstMs: number; seconds: number },
): BenchJob[] {
  const slots = Array.from({ length: seconds }, (_, index) => firstMs + index * EVERY_MS)
  const bounds = boundsOf(firstMs, slots.at(-1) ?? firstMs)
  return Array.from({ length: count }, (_, index) => {
    const schedule = togetherSchedule(index, firstMs)
    const action: JobAction =
      stage.action === 'publish' ? publish(stage.name) : { do: 'deliver', payload: sample }
    return {
      body: { name: `${stage.name}-${index}`, schedule, action, concurrency: 'allow', ...bounds },
      slots,
    }
  })
}

const togetherExpressions = ['*/15 * * * * *', '0,15,30,45 * * * * *', '*/15 0-59 0-23 * * *']

function togetherSchedule(index: number, firstMs: number): JobBody['schedule'] {
  const kinds = togetherExpressions.length + 1
  const expression = togetherExpressions[index % kinds]
  if (expression === undefined) return { everyMs: EVERY_MS, anchor: instant(firstMs - index * EVERY_MS) }
  return { cron: expression, timezone: zoneOf(Math.floor(index / kinds)) }
}

/** Half of what is due in each second comes of expressions for a second of each minute, the other half of longer intervals. */
export function jobsOverSeconds(
  name: string,
  {
    jobs,
    perSecond,
    seconds,
    firstMs,
  }: { jobs: number; perSecond: number; seconds: number; firstMs: number },
): BenchJob[] {
  const bySecondOfMinute = (perSecond / 2) * 60
  const intervalSeconds = Math.floor((jobs - bySecondOfMinute) / (perSecond / 2))
  const lastMs = firstMs + (seconds - 1) * SECOND_MS
  return Array.from({ length: jobs }, (_, index) => {
    const isCron = index < bySecondOfMinute
    const everySeconds = isCron ? 60 : intervalSeconds
    const anchorMs = firstMs + (index % everySeconds) * SECOND_MS
    const schedule = isCron
      ? { cron: `${new Date(anchorMs).getUTCSeconds()} * * * * *`, timezone: zoneOf(Math.floor(index / 60)) }
      : { everyMs: everySeconds * SECOND_MS, anchor: instant(anchorMs) }
    const slots: number[] = []
    for (let at = anchorMs; at <= lastMs; at += everySeconds * SECOND_MS) slots.push(at)
    // One whose times are all after what is measured would have none at all; it begins much later.
    const bounds =
      slots.length === 0 ? { startAt: instant(firstMs + 6 * HOUR_MS) } : boundsOf(firstMs, lastMs)
    return {
      body: { name: `${name}-${index}`, schedule, action: publish(name), concurrency: 'allow', ...bounds },
      slots,
    }
  })
}

/** Nothing starts while the jobs are still being created, and nothing after what is measured. */
function boundsOf(firstMs: number, lastMs: number): { startAt: string; endAt: string } {
  return { startAt: instant(firstMs - SECOND_MS / 2), endAt: instant(lastMs + SECOND_MS / 2) }
}

/** What a worker would need to know. */
const sample = { report: 'daily', recipients: ['ops@example.org'], format: 'markdown' }

/** The word in the subject by which those of one measurement are heard. */
function publish(word: string): JobAction {
  return { do: 'publish', subject: `bench.${word}`, payload: sample }
}

/** One start: the job, and the run of that time. */
export function keyOfStart(job: string, run: string): string {
  return `${job}:${run}`
}

/** All starts that are expected of these jobs, with the time of each. */
export function startsOf(jobs: readonly BenchJob[]): Map<string, number> {
  return new Map(
    jobs.flatMap(({ body, slots }) =>
      slots.map((slot) => [keyOfStart(body.name, runNameOfSlot(instant(slot))), slot] as const),
    ),
  )
}
