import type { Projection } from '@daybook/eventing'
import { runSummarySchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeRunsCursor, encodeRunsCursor } from '../cursor.ts'
import { findRun, listRuns } from '../store/runs.ts'
import { closed, cursor, limit, limitOf, minPosition, next, text } from './parameters.ts'
import { leftOutWhole, markOf, marksOf, readRunSchema } from './parked.ts'
import { noSuchRun, readModel } from './read-model.ts'

const listQuery = Type.Object(
  {
    status: Type.Optional(runSummarySchema.properties.status),
    processId: Type.Optional(text),
    sessionId: Type.Optional(text),
    limit,
    cursor,
    minPosition,
  },
  closed,
)

const parkedTotal = Type.Integer({
  description:
    'Runs of the tenant that are left out from an event on, some of them wholly; see /v1/dead-letters',
})

/** `GET /v1/runs`. Codes: `invalid-cursor`, `position-not-reached`. */
export function listRunsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs', {
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first.',
        tags: ['runs'],
        querystring: listQuery,
        response: { 200: Type.Object({ runs: Type.Array(readRunSchema), next, parked: parkedTotal }) },
      },
      handler: (request, reply) => {
        const { cursor, minPosition: _waitedFor, ...filter } = request.query
        const before = cursor === undefined ? {} : { before: decodeRunsCursor(cursor) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, ...filter, ...before, limit: limitOf(filter) }
          const { rows, more } = await listRuns(trx, query)
          const last = more ? rows.at(-1) : undefined
          const marks = await marksOf(projection, trx, tenant)
          return {
            runs: rows.map(({ run_id: id, document }) => ({ ...document, ...marks.get(`run/${id}`) })),
            parked: marks.size,
            next: last === undefined ? null : encodeRunsCursor({ ...last.document, runId: last.run_id }),
          }
        })
      },
    })
  }
}

/** `GET /v1/runs/{id}`. Codes: `not-found`, `stream-parked`, `position-not-reached`. */
export function getRunRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id', {
      schema: {
        operationId: 'getRun',
        summary: 'One run: its status, what it waits for, how it ended.',
        tags: ['runs'],
        params: Type.Object({ id: text }, closed),
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: readRunSchema },
      },
      handler: (request, reply) => {
        const { id: runId } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const run = await findRun(trx, { tenant, runId })
          const mark = await markOf(projection, trx, { tenant, runId })
          if (run !== undefined) return { ...run, ...mark }
          throw mark.parked === undefined ? noSuchRun(runId) : leftOutWhole(runId, mark.parked)
        })
      },
    })
  }
}
