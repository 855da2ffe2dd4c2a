import { inboundReasonSchema, JOB_NAME_PATTERN, RUN_NAME_PATTERN } from '@daybook/events'
import { Type } from 'typebox'

export const JOBS = '/v1/cron/jobs'
export const JOB = `${JOBS}/:job`
export const RUN = `${JOB}/runs/:run`

export const job = Type.String({ pattern: JOB_NAME_PATTERN })
export const run = Type.String({ pattern: RUN_NAME_PATTERN })
/** Why somebody does something; it is kept. */
export const reason = Type.Optional(inboundReasonSchema)

/**
 * By it a request that is repeated is known, whose answer was lost; one is made unless told. It becomes a part of names of runs,
 * which have 64 signs, and a time has 20 of them.
 */
export const requestIdSchema = Type.String({ pattern: '^[A-Za-z0-9.-]{1,40}$' })
