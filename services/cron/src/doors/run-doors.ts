import { type CommandDoor, door } from '@daybook/eventing'
import {
  createUlids,
  cronRunSchema,
  failureSchema,
  inboundReasonSchema,
  jsonSchema,
  leaseMsSchema,
  tokenSchema,
} from '@daybook/events'
import { Type } from 'typebox'
import type { AboutRuns } from '../commands/about-runs.ts'
import { leaseFields } from '../work/lease-left.ts'
import { JOB, job, RUN, reason, requestIdSchema, run } from './fields.ts'

const { Optional } = Type
const held = { job, run, token: tokenSchema }
const runAnswer = { 200: Type.Object({ run: cronRunSchema }) }

/** What is done with single runs: by people, and by who works on them. */
export function runDoors(about: AboutRuns): CommandDoor[] {
  return [
    runNowDoor(about),
    ...decisionDoors(about),
    extendDoor(about),
    releaseDoor(about),
    finishDoor(about),
  ]
}

function runNowDoor(about: AboutRuns): CommandDoor {
  const nextUlid = createUlids()
  return door({
    name: 'run-now',
    path: `${JOB}/run-now`,
    operationId: 'runCronJobNow',
    summary:
      'Run a job beside its times, as its concurrency allows. The same requestId again is the same run.',
    fields: { job, requestId: Optional(requestIdSchema) },
    response: runAnswer,
    execute: async ({ author }, { job: name, requestId = nextUlid() }) => ({
      run: await about.runNow(author, { job: name, requestId }),
    }),
  })
}

/** What is held waits for a person, so what an agent may do is not enough. */
const DECISIONS = {
  approve: {
    operationId: 'approveCronRun',
    summary: 'A run that was held for a decision is to run.',
    scope: 'approve',
  },
  dismiss: {
    operationId: 'dismissCronRun',
    summary: 'A run that is held, or waits, is not to run.',
    scope: 'approve',
  },
  cancel: {
    scope: 'append',
    operationId: 'cancelCronRun',
    summary: 'Have a run end: at once if nobody is at it, else whoever does it is asked to.',
  },
} as const

function decisionDoors(about: AboutRuns): CommandDoor[] {
  return (['approve', 'dismiss', 'cancel'] as const).map((name) =>
    door({
      name,
      path: `${RUN}/${name}`,
      ...DECISIONS[name],
      fields: { job, run, reason },
      response: runAnswer,
      execute: async ({ author }, told) => ({ run: await about.decide(author, { name, ...told }) }),
    }),
  )
}

function extendDoor(about: AboutRuns): CommandDoor {
  return door({
    name: 'extend',
    path: `${RUN}/extend`,
    operationId: 'extendCronRun',
    summary:
      'Keep a run for longer, counted from now; at most until its deadline. Tells whether it is to end.',
    fields: { ...held, leaseMs: Optional(leaseMsSchema) },
    response: { 200: Type.Object({ job, run, ...leaseFields, cancelRequested: Type.Boolean() }) },
    execute: async ({ author }, told) => ({
      job: told.job,
      run: told.run,
      ...(await about.extend(author, told)),
    }),
  })
}

function releaseDoor(about: AboutRuns): CommandDoor {
  return door({
    name: 'release',
    path: `${RUN}/release`,
    operationId: 'releaseCronRun',
    summary: 'Give a run back without having done it. Another worker can have it at once; it is no attempt.',
    fields: { ...held, reason: inboundReasonSchema },
    response: runAnswer,
    execute: async ({ author }, told) => ({ run: await about.release(author, told) }),
  })
}

function finishDoor(about: AboutRuns): CommandDoor {
  return door({
    name: 'finish',
    path: `${RUN}/finish`,
    operationId: 'finishCronRun',
    summary:
      'An attempt of a run has ended. One that failed is tried again if its error is retryable and the job allows it.',
    fields: {
      ...held,
      status: Type.Enum(['succeeded', 'failed', 'cancelled']),
      result: Optional(jsonSchema),
      error: Optional(
        Type.Object(failureSchema.properties, { additionalProperties: false, description: 'Of failed' }),
      ),
    },
    response: runAnswer,
    execute: async ({ author }, told) => ({ run: await about.finish(author, told) }),
  })
}
