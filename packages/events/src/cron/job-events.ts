import { Type } from 'typebox'
import { noticeSchema } from '../erasure/notice.ts'
import { defineEvent } from '../event-type.ts'
import { jobDefinitionSchema } from './definition.ts'
import { aboutJob, instant, reason, total } from './fields.ts'

const { Optional, String: Text } = Type

export const cronJobDefined = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_DEFINED',
  v: 1,
  description: 'Somebody wants something done on a schedule. Times before it are none of its own.',
  schema: aboutJob({ definition: jobDefinitionSchema }),
})

export const cronJobUpdated = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_UPDATED',
  v: 1,
  description: 'The whole definition as it is from here on; what runs already goes on.',
  schema: aboutJob({ definition: jobDefinitionSchema }),
})

export const cronJobPaused = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_PAUSED',
  v: 1,
  description: 'Nothing is decided about its times until it is resumed; then they have been missed.',
  schema: aboutJob({ reason: Optional(reason) }),
})

export const cronJobResumed = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_RESUMED',
  v: 1,
  description: 'It runs again, after a pause or after it was set aside.',
  schema: aboutJob({ reason: Optional(reason) }),
})

export const cronJobSetAside = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_SET_ASIDE',
  v: 1,
  description: 'It could not be decided about, so it waits for a person; the others go on.',
  schema: aboutJob({ code: Text({ minLength: 1, maxLength: 100 }), message: Text({ maxLength: 4_000 }) }),
})

export const cronJobDeleted = defineEvent({
  kind: 'cron',
  type: 'CRON_JOB_DELETED',
  v: 1,
  description: 'It never runs again. Its name can be given to another job, whose events follow here.',
  schema: aboutJob({ reason: Optional(reason) }),
})

export const cronSlotsMissed = defineEvent({
  kind: 'cron',
  type: 'CRON_SLOTS_MISSED',
  v: 1,
  description:
    'These times, both ends included, passed without a run. misfire: the job skips what it missed; superseded: a later one runs; limit: more than it makes up for',
  schema: aboutJob({
    from: instant,
    to: instant,
    count: total,
    reason: Type.Enum(['misfire', 'superseded', 'limit']),
  }),
})

/** Whoever follows the job learns here, in its place, that payloads of it were erased. */
export const cronPayloadsErased = defineEvent({
  kind: 'cron',
  type: 'CRON_PAYLOADS_ERASED',
  v: 1,
  description: 'Payloads of earlier events of the job were erased: those of these seqs, both ends included.',
  schema: noticeSchema,
})
