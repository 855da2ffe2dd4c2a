import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { claimIdSchema, failureSchema, reasonSchema, tokenSchema, workerSchema } from '../inbound/fields.ts'
import { json } from '../run/fields.ts'
import { aboutCronRun, attempt, causeSchema, instant, runName, slotField } from './fields.ts'

const { Optional, String: Text } = Type

export const cronRunStarted = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_STARTED',
  v: 1,
  description:
    'An attempt of a run began. What an action appends is in the same commit; `target` is the run that it started.',
  schema: aboutCronRun({
    slot: slotField,
    cause: causeSchema,
    attempt,
    deadline: Optional(instant),
    target: Optional(Text()),
  }),
})

export const cronRunQueued = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_QUEUED',
  v: 1,
  description: 'A run waits for the one before it to end.',
  schema: aboutCronRun({
    slot: slotField,
    cause: causeSchema,
    reason: Type.Enum(['overlap', 'catch-up', 'backfill', 'approved']),
  }),
})

export const cronRunHeld = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_HELD',
  v: 1,
  description: 'A time was missed, and a person decides whether it is made up for.',
  schema: aboutCronRun({ slot: instant }),
})

export const cronRunSkipped = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_SKIPPED',
  v: 1,
  description:
    'It does not run. overlap: the one before it has not ended; queue-full: one waits already; replaced: a later one takes its place; dismissed: a person says so; deleted: its job is gone',
  schema: aboutCronRun({
    slot: slotField,
    cause: causeSchema,
    reason: Type.Enum(['overlap', 'queue-full', 'replaced', 'dismissed', 'deleted']),
    note: Optional(reasonSchema),
  }),
})

export const cronRunReplaced = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_REPLACED',
  v: 1,
  description: 'It was asked to end, since a later one waits for that. It is never tried again.',
  schema: aboutCronRun({ by: runName, giveUpAt: instant }),
})

export const cronRunCancelRequested = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_CANCEL_REQUESTED',
  v: 1,
  description: 'Somebody wants it to end. It is never tried again.',
  schema: aboutCronRun({ reason: Optional(reasonSchema), giveUpAt: instant }),
})

export const cronRunClaimed = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_CLAIMED',
  v: 1,
  description: 'A worker does it, until the instant that its lease ends.',
  schema: aboutCronRun({ attempt, worker: workerSchema, claimId: claimIdSchema, until: instant }),
})

export const cronRunExtended = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_EXTENDED',
  v: 1,
  description: 'The worker needs longer.',
  schema: aboutCronRun({ token: tokenSchema, until: instant }),
})

export const cronRunReleased = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_RELEASED',
  v: 1,
  description:
    'A worker gave it back without having done it. Another one can have it; that is no other attempt.',
  schema: aboutCronRun({ token: tokenSchema, reason: reasonSchema }),
})

export const cronRunRetried = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_RETRIED',
  v: 1,
  description: 'An attempt failed, and another one begins at that instant.',
  schema: aboutCronRun({ attempt, token: Optional(tokenSchema), error: failureSchema, nextAt: instant }),
})

export const cronRunFinished = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_FINISHED',
  v: 1,
  description: 'It ended. A cancelled one may have done its work all the same, if it was given up on.',
  schema: aboutCronRun({
    status: Type.Enum(['succeeded', 'failed', 'cancelled']),
    token: Optional(tokenSchema),
    result: Optional(json),
    error: Optional(failureSchema),
  }),
})

export const cronRunTimedOut = defineEvent({
  kind: 'cron',
  type: 'CRON_RUN_TIMED_OUT',
  v: 1,
  description: 'It did not end by its deadline. It is not tried again.',
  schema: aboutCronRun({}),
})
