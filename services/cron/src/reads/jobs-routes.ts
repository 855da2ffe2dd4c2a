import {
  closed,
  cursor,
  limit,
  limitOf,
  markOfStream,
  marksOf,
  minPosition,
  next,
  type Projection,
  readModel,
} from '@daybook/eventing'
import { streamOfJob } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { findJob, listJobs } from '../store/list-jobs.ts'
import { noSuchJob } from './no-such.ts'
import { decodeJobsCursor, encodeJobsCursor, jobParams } from './parameters.ts'
import { readJobSchema, toReadJob } from './read-job.ts'

const state = Type.Optional(readJobSchema.properties.state)
const parkedTotal = Type.Integer({ description: 'Jobs of the tenant that are left out from an event on' })

/** `GET /v1/cron/jobs`. Codes: `invalid-cursor`, `position-not-reached`. */
export function listJobsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/cron/jobs', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCronJobs',
        summary: 'Jobs in the order of their names; deleted ones only where state=deleted asks for them.',
        tags: ['cron'],
        querystring: Type.Object({ state, limit, cursor, minPosition }, closed),
        response: {
          200: Type.Object({ jobs: Type.Array(readJobSchema), nextCursor: next, parked: parkedTotal }),
        },
      },
      handler: (request, reply) => {
        const { cursor: given, minPosition: _waitedFor, ...filter } = request.query
        const after = given === undefined ? {} : { after: decodeJobsCursor(given) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const { rows, more } = await listJobs(trx, { tenant, ...filter, ...after, limit: limitOf(filter) })
          const last = more ? rows.at(-1) : undefined
          const marks = await marksOf(projection, trx, tenant)
          return {
            jobs: rows.map((row) => toReadJob(row.document, row, marks.get(streamOfJob(row.document.name)))),
            nextCursor: last === undefined ? null : encodeJobsCursor(last.document.name),
            parked: marks.size,
          }
        })
      },
    })
  }
}

/** `GET /v1/cron/jobs/{job}`. Codes: `not-found`, `position-not-reached`. */
export function showJobRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/cron/jobs/:job', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getCronJob',
        summary: 'One job: what it was told, what is due next, which of its runs have not ended.',
        tags: ['cron'],
        params: jobParams,
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: readJobSchema },
      },
      handler: (request, reply) => {
        const { job } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const row = await findJob(trx, { tenant, job })
          if (row === undefined) throw noSuchJob(job)
          const marks = await markOfStream(projection, trx, { tenant, stream: streamOfJob(job) })
          return toReadJob(row.document, row, marks)
        })
      },
    })
  }
}
