import { closed, decodeCursor, encodeCursor, invalidCursor } from '@daybook/eventing'
import { JOB_NAME_PATTERN, RUN_NAME_PATTERN } from '@daybook/events'
import { Type } from 'typebox'
import type { RunsCursor } from '../store/list-runs.ts'

const job = Type.String({ pattern: JOB_NAME_PATTERN })
const run = Type.String({ pattern: RUN_NAME_PATTERN })
const jobName = new RegExp(JOB_NAME_PATTERN)
const runName = new RegExp(RUN_NAME_PATTERN)

/** Which job. */
export const jobParams = Type.Object({ job }, closed)
/** Which run. */
export const runParams = Type.Object({ job, run }, closed)

/** For a list of jobs: the name behind which the page begins. */
export function encodeJobsCursor(after: string): string {
  return encodeCursor('jobs', after)
}

/** Code: `invalid-cursor`. */
export function decodeJobsCursor(cursor: string): string {
  const [of, after] = decodeCursor(cursor, 2)
  if (of !== 'jobs' || typeof after !== 'string' || !jobName.test(after)) throw invalidCursor()
  return after
}

/** For a list of runs. */
export function encodeRunsCursor({ decidedSeq, run: name }: RunsCursor): string {
  return encodeCursor('runs', decidedSeq, name)
}

/** Code: `invalid-cursor`. */
export function decodeRunsCursor(cursor: string): RunsCursor {
  const [of, decidedSeq, name] = decodeCursor(cursor, 3)
  if (of !== 'runs' || typeof decidedSeq !== 'number' || !Number.isSafeInteger(decidedSeq))
    throw invalidCursor()
  if (typeof name !== 'string' || !runName.test(name)) throw invalidCursor()
  return { decidedSeq, run: name }
}
