import {
  closed,
  cursor,
  type Exchange,
  limit,
  limitOf,
  marksOf,
  minPosition,
  next,
  POSITION_HEADER,
  type Projection,
  readModel,
  text,
} from '@daybook/eventing'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeRunsCursor, encodeRunsCursor } from '../cursor.ts'
import { readRunSchema } from '../routes/parked.ts'
import { listRuns } from '../store/list-runs.ts'
import { noSuchSession } from './origin.ts'
import { findSession, listLinks } from './store.ts'

/** The read models that know which runs a session has: linked ones, and those that were created with its id. */
export interface SessionRunsParts<DB> {
  sessions: Projection<DB>
  runs: Projection<DB>
}

/** `GET /v1/sessions/{id}/runs`. Codes: `not-found`, `invalid-cursor`, `position-not-reached`. */
export function listSessionRunsRoute<DB>({ sessions, runs }: SessionRunsParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/sessions/:id/runs', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listSessionRuns',
        summary: 'The runs of a session, newest first: those created with its id, and those linked to it.',
        tags: ['sessions'],
        params: Type.Object({ id: text }, closed),
        querystring: Type.Object({ limit, cursor, minPosition }, closed),
        response: { 200: Type.Object({ runs: Type.Array(readRunSchema), next }) },
      },
      handler: async (request, reply) => {
        const { id: sessionId } = request.params
        const after =
          request.query.cursor === undefined
            ? {}
            : { after: decodeRunsCursor(request.query.cursor, 'created') }
        const linkedRunIds = await readLinks(sessions, { request, reply }, sessionId)
        const linkedAt = Number(reply.getHeader(POSITION_HEADER))
        return readModel(runs, { request, reply }, async (trx, tenant) => {
          const query = { tenant, sessionId, linkedRunIds, ...after, limit: limitOf(request.query) }
          const { rows, more } = await listRuns(trx, { ...query, sort: 'created', ascending: false })
          const marks = await marksOf(runs, trx, tenant)
          const last = more ? rows.at(-1) : undefined
          return {
            runs: rows.map(({ run_id: id, document }) => ({ ...document, ...marks.get(`run/${id}`) })),
            next:
              last === undefined
                ? null
                : encodeRunsCursor({ sort: 'created', value: last.document.createdAt, runId: last.run_id }),
          }
        }).finally(() => {
          // Both read models have come so far.
          reply.header(POSITION_HEADER, Math.min(linkedAt, Number(reply.getHeader(POSITION_HEADER))))
        })
      },
    })
  }
}

async function readLinks<DB>(
  sessions: Projection<DB>,
  exchange: Exchange,
  sessionId: string,
): Promise<string[]> {
  return readModel(sessions, exchange, async (trx, tenant) => {
    if ((await findSession(trx, { tenant, sessionId })) === undefined) throw noSuchSession(sessionId)
    return (await listLinks(trx, { tenant, sessionId })).map(({ runId }) => runId)
  })
}
