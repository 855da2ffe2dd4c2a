import type { Projection } from '@daybook/eventing'
import { runSummarySchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeRunsCursor, encodeRunsCursor } from '../cursor.ts'
import { findRun, listRuns } from '../store/runs.ts'
import { closed, cursor, limit, limitOf, minPosition, next, text } from './parameters.ts'
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

/** `GET /v1/runs`. Codes: `invalid-cursor`, `position-not-reached`. */
export function listRunsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs', {
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first.',
        tags: ['runs'],
        querystring: listQuery,
        response: { 200: Type.Object({ runs: Type.Array(runSummarySchema), next }) },
      },
      handler: (request, reply) => {
        const { cursor, minPosition: _waitedFor, ...filter } = request.query
        const before = cursor === undefined ? {} : { before: decodeRunsCursor(cursor) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, ...filter, ...before, limit: limitOf(filter) }
          const { rows, more } = await listRuns(trx, query)
          const last = more ? rows.at(-1) : undefined
          return {
            runs: rows.map(({ document }) => document),
            next: last === undefined ? null : encodeRunsCursor({ ...last.document, runId: last.run_id }),
          }
        })
      },
    })
  }
}

/** `GET /v1/runs/{id}`. Codes: `not-found`, `position-not-reached`. */
export function getRunRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id', {
      schema: {
        operationId: 'getRun',
        summary: 'One run: its status, what it waits for, how it ended.',
        tags: ['runs'],
        params: Type.Object({ id: text }, closed),
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: runSummarySchema },
      },
      handler: (request, reply) => {
        const { id: runId } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const run = await findRun(trx, { tenant, runId })
          if (run === undefined) throw noSuchRun(runId)
          return run
        })
      },
    })
  }
}
