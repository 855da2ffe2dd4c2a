import { type CronCommand, type CronJob, dueAtOf, jobPhases, nextSlotOf } from '@daybook/events'

/** How schedules are read here. */
export interface Timetable {
  /** Code: `invalid-schedule`. */
  readonly slotsOf: CronCommand['slotsOf']
  /** The version of the time zone data that it goes by, such as `2026c`. */
  readonly tzdata: string
}

/** What the schedule makes of a job; null: there is none. */
export interface JobTimes {
  /** When time alone makes something happen to it. */
  readonly dueAt: string | null
  /** The next time of its own that is undecided. */
  readonly nextAt: string | null
}

/**
 * A schedule may be one that cannot be read any more, after an update of Daybook or of the time zone data. Such a job is
 * due at once, so that whoever decides about what is due meets it and sets it aside.
 */
export function timesOf(job: CronJob, slotsOf: CronCommand['slotsOf']): JobTimes {
  try {
    return { dueAt: dueAtOf(job, slotsOf) ?? null, nextAt: nextSlotOf(job, slotsOf) ?? null }
  } catch {
    return { dueAt: job.updatedAt, nextAt: null }
  }
}

/** What is shown of a job: its phase, or that nothing will ever be due again. */
export const shownStates = [...jobPhases, 'ended'] as const
/** See `shownStates`. */
export type ShownState = (typeof shownStates)[number]

/** As the column `state` of its row. */
export function shownStateOf({ phase, runs }: CronJob, { dueAt }: JobTimes): ShownState {
  return phase === 'active' && dueAt === null && runs.length === 0 ? 'ended' : phase
}
