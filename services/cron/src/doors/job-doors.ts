import { type Author, type CommandDoor, door } from '@daybook/eventing'
import { createUlids } from '@daybook/events'
import { Type } from 'typebox'
import type { AboutJobs } from '../commands/about-jobs.ts'
import type { BackfillAnswer, BackfillWish } from '../commands/backfill.ts'
import { changeFields, definitionFields } from '../commands/definition.ts'
import { readJobSchema } from '../reads/read-job.ts'
import { JOB, JOBS, job, reason, requestIdSchema } from './fields.ts'

/** `POST /v1/cron/jobs` and what is done with a job. */
export function jobDoors(about: AboutJobs): CommandDoor[] {
  return [createDoor(about), updateDoor(about), ...phaseDoors(about)]
}

function createDoor(about: AboutJobs): CommandDoor {
  return door({
    name: 'create',
    path: JOBS,
    operationId: 'createCronJob',
    summary: 'Make a job. The same one again is answered with 200; another one of this name is refused.',
    fields: { name: job, ...definitionFields },
    response: { 200: readJobSchema, 201: readJobSchema },
    execute: ({ author }, given) => about.create(author, given),
    statusOf: ({ isNew }) => (isNew ? 201 : 200),
    bodyOf: (created) => created.job,
  })
}

function updateDoor(about: AboutJobs): CommandDoor {
  return door({
    name: 'update',
    method: 'PATCH',
    path: JOB,
    operationId: 'updateCronJob',
    summary:
      'Change members of a job, each as a whole; null takes one away. From now on: what runs already goes on.',
    fields: {
      job,
      ifRevision: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only if the job still has this revision, else conflict' }),
      ),
      ...changeFields,
    },
    response: { 200: readJobSchema },
    execute: ({ author }, { job: name, ifRevision, ...change }) =>
      about.update(author, { job: name, change, ...(ifRevision !== undefined && { ifRevision }) }),
  })
}

const PHASES = {
  pause: {
    method: 'POST',
    path: `${JOB}/pause`,
    operationId: 'pauseCronJob',
    summary: 'Decide nothing about its times until it is resumed; then they have been missed.',
  },
  resume: {
    method: 'POST',
    path: `${JOB}/resume`,
    operationId: 'resumeCronJob',
    summary: 'Run it again, after a pause or after it was set aside.',
  },
  delete: {
    method: 'DELETE',
    path: JOB,
    operationId: 'deleteCronJob',
    summary: 'Never run it again. What is worked on ends by itself; its history stays in the journal.',
  },
} as const

function phaseDoors(about: AboutJobs): CommandDoor[] {
  return (['pause', 'resume', 'delete'] as const).map((name) =>
    door({
      name,
      ...PHASES[name],
      fields: { job, reason },
      response: { 200: readJobSchema },
      execute: ({ author }, told) => about.changePhase(author, { name, ...told }),
    }),
  )
}

/** `POST /v1/cron/jobs/{job}/backfill`. */
export function backfillDoor(
  backfill: (author: Author, wish: BackfillWish) => Promise<BackfillAnswer>,
): CommandDoor {
  const nextUlid = createUlids()
  const instant = Type.String({ description: 'ISO 8601, UTC, milliseconds; included' })
  return door({
    name: 'backfill',
    path: `${JOB}/backfill`,
    operationId: 'backfillCronJob',
    summary:
      'Make up for times of the past, whatever became of them: one run for each, at most 500. The same backfillId again makes no further runs.',
    fields: {
      job,
      from: instant,
      to: instant,
      backfillId: Type.Optional(requestIdSchema),
      dryRun: Type.Optional(Type.Boolean({ description: 'Only tell which times these are' })),
    },
    response: {
      200: Type.Object({
        slots: Type.Integer({ minimum: 0 }),
        first: Type.Optional(Type.String()),
        last: Type.Optional(Type.String()),
        runs: Type.Array(Type.String(), { description: 'The names of the runs, oldest first' }),
      }),
    },
    execute: ({ author }, { backfillId = nextUlid(), ...told }) => backfill(author, { ...told, backfillId }),
  })
}
