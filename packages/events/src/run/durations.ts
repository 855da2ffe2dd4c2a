import { BREAKPOINT } from '../approval/approval.ts'
import type { Effect, RunSummary } from './summary.ts'

/** RFC 3339. A worker may write its instants with an offset and as exactly as it likes. */
const INSTANT_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * Milliseconds between two instants; undefined if one of them is none. The instants are the producers': where their
 * clocks contradict each other, nothing has passed.
 */
function span(from: string | undefined, until: string | undefined): number | undefined {
  const [start, end] = [millisOf(from), millisOf(until)]
  return start === undefined || end === undefined ? undefined : Math.max(0, end - start)
}

function millisOf(instant: string | undefined): number | undefined {
  if (instant === undefined || !INSTANT_PATTERN.test(instant)) return undefined
  const millis = Date.parse(instant)
  return Number.isNaN(millis) ? undefined : millis
}

/** Sums of clocks that are set wildly could outgrow what a number counts exactly. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

/** How long a settled effect took: from request to result, and as its worker says. */
export function durationsOf(effect: Effect): Pick<Effect, 'durationMs' | 'workedMs'> {
  const durationMs = span(effect.requestedAt, effect.resolvedAt)
  const workedMs = span(effect.startedAt, effect.finishedAt)
  return { ...(durationMs !== undefined && { durationMs }), ...(workedMs !== undefined && { workedMs }) }
}

/** The run with the work of one more effect in it. */
export function addWork(run: RunSummary, { workedMs }: Pick<Effect, 'workedMs'>): RunSummary {
  return workedMs === undefined ? run : { ...run, workedMs: sum(run.workedMs ?? 0, workedMs) }
}

/**
 * The run after an event with its clocks: one runs while it waits for anything, one while it waits for a person, and it
 * is known how long it took once it has ended. Waiting for two things at once counts once.
 */
export function keepTime(before: RunSummary | undefined, after: RunSummary): RunSummary {
  const isWaiting = after.status === 'waiting'
  const isForPeople = isWaiting && (after.pendingByKind[BREAKPOINT] ?? 0) > 0
  const run = keepClock(keepClock(after, isWaiting, all), isForPeople, people)
  if (run.endedAt === undefined || before?.endedAt !== undefined) return run
  const durationMs = span(run.createdAt, run.endedAt)
  return durationMs === undefined ? run : { ...run, durationMs }
}

/** Where a clock is kept: since when it runs, and what it has counted before. */
interface Clock {
  readonly since: 'waitingSince' | 'waitingForPeopleSince'
  readonly total: 'waitedMs' | 'waitedForPeopleMs'
}

const all: Clock = { since: 'waitingSince', total: 'waitedMs' }
const people: Clock = { since: 'waitingForPeopleSince', total: 'waitedForPeopleMs' }

function keepClock(run: RunSummary, isOn: boolean, clock: Clock): RunSummary {
  const { [clock.since]: since, ...stopped } = run
  if (isOn === (since !== undefined)) return run
  if (isOn) return { ...run, [clock.since]: run.updatedAt }
  const waitedMs = span(since, run.updatedAt) ?? 0
  return { ...stopped, [clock.total]: sum(run[clock.total] ?? 0, waitedMs) }
}
