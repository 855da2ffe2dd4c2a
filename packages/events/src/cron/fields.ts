import { type TProperties, Type } from 'typebox'
import { INSTANT_PATTERN } from '../instant.ts'

const { Integer, Optional, String: Text } = Type
export const closed = { additionalProperties: false } as const

/** One word of a URL and of a subject, and the id of the job's stream. */
export const JOB_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$'
/** See `runNameOfSlot` and its like. */
export const RUN_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$'

const DAY_MS = 24 * 60 * 60 * 1000
/** Longer pauses and time-outs are better made of a schedule. */
export const PAUSE_MS_MAX = 366 * DAY_MS

export const jobName = Text({ pattern: JOB_NAME_PATTERN })
export const runName = Text({ pattern: RUN_NAME_PATTERN })
export const instant = Text({ pattern: INSTANT_PATTERN })
export const attempt = Integer({ minimum: 1 })
export const total = Integer({ minimum: 0 })
export const reason = Text({ minLength: 1, maxLength: 2_000 })

/** Why a run exists: its time came, somebody wanted it now, or somebody wanted times of the past made up for. */
export const causeSchema = Type.Enum(['slot', 'now', 'backfill'])

/** The data of an event about a job. `at` is when it was decided, by the clock that decides what is due. */
export function aboutJob<Fields extends TProperties>(fields: Fields) {
  return Type.Object({ at: instant, ...fields }, closed)
}

/** The data of an event about one run of a job. */
export function aboutCronRun<Fields extends TProperties>(fields: Fields) {
  return aboutJob({ run: runName, ...fields })
}

/** Which time of the schedule a run is for; a run that somebody wanted now is for none. */
export const slotField = Optional(instant)
