import {
  closed,
  cursor,
  limit,
  limitOf,
  minPosition,
  next,
  type Projection,
  readModel,
} from '@daybook/eventing'
import { cronRunSchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { findJob } from '../store/list-jobs.ts'
import { findRun, listRuns } from '../store/list-runs.ts'
import { noSuchJob, noSuchRun } from './no-such.ts'
import { decodeRunsCursor, encodeRunsCursor, jobParams, runParams } from './parameters.ts'

const state = Type.Optional(cronRunSchema.properties.state)

/** `GET /v1/cron/jobs/{job}/runs`. Codes: `not-found`, `invalid-cursor`, `position-not-reached`. */
export function listRunsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/cron/jobs/:job/runs', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCronRuns',
        summary:
          'Runs of a job, newest first: those that have not ended, and of the others what the job keeps.',
        description:
          'Times that were missed one after the other are one entry: slot is the first of them, to the last. The journal has all of them for ever: GET /v1/streams/cron/{job}/events.',
        tags: ['cron'],
        params: jobParams,
        querystring: Type.Object({ state, limit, cursor, minPosition }, closed),
        response: { 200: Type.Object({ runs: Type.Array(cronRunSchema), nextCursor: next }) },
      },
      handler: (request, reply) => {
        const { job } = request.params
        const { cursor: given, minPosition: _waitedFor, ...filter } = request.query
        const before = given === undefined ? {} : { before: decodeRunsCursor(given) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          if ((await findJob(trx, { tenant, job })) === undefined) throw noSuchJob(job)
          const query = { tenant, job, ...filter, ...before, limit: limitOf(filter) }
          const { rows, more } = await listRuns(trx, query)
          const last = more ? rows.at(-1) : undefined
          return {
            runs: rows.map(({ document }) => document),
            nextCursor: last === undefined ? null : encodeRunsCursor(last.document),
          }
        })
      },
    })
  }
}

/** `GET /v1/cron/jobs/{job}/runs/{run}`. Codes: `not-found`, `position-not-reached`. */
export function showRunRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/cron/jobs/:job/runs/:run', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getCronRun',
        summary: 'One run of a job: what it is for, who has it, what failed, what it came to.',
        tags: ['cron'],
        params: runParams,
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: cronRunSchema },
      },
      handler: (request, reply) => {
        const { job, run } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const found = await findRun(trx, { tenant, job, run })
          if (found === undefined) throw noSuchRun(job, run)
          return found
        })
      },
    })
  }
}
