import { DaybookError } from '@daybook/errors'
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
  parkedSchema,
  readModel,
  text,
} from '@daybook/eventing'
import { sessionSummarySchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeSessionsCursor, encodeSessionsCursor } from '../cursor.ts'
import { noSuchSession } from './origin.ts'
import { findSession, listSessions } from './store.ts'

/** A session as it is read, with the mark if it is not whole. */
const readSessionSchema = Type.Object({
  ...sessionSummarySchema.properties,
  parked: Type.Optional(parkedSchema),
})

const listQuery = Type.Object(
  {
    status: Type.Optional(sessionSummarySchema.properties.status),
    principal: Type.Optional(text),
    channel: Type.Optional(text),
    parent: Type.Optional(Type.String({ ...text, description: 'Only branches of this session' })),
    limit,
    cursor,
    minPosition,
  },
  closed,
)

const parkedTotal = Type.Integer({
  description: 'Sessions of the tenant that are left out from an event on, some of them wholly',
})

/** `GET /v1/sessions`. Codes: `invalid-cursor`, `position-not-reached`. */
export function listSessionsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/sessions', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listSessions',
        summary: 'Sessions, newest first.',
        tags: ['sessions'],
        querystring: listQuery,
        response: {
          200: Type.Object({ sessions: Type.Array(readSessionSchema), next, parked: parkedTotal }),
        },
      },
      handler: (request, reply) => {
        const { cursor: given, minPosition: _waitedFor, ...filter } = request.query
        const before = given === undefined ? {} : { before: decodeSessionsCursor(given) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, ...filter, ...before, limit: limitOf(filter) }
          const { rows, more } = await listSessions(trx, query)
          const last = more ? rows.at(-1)?.document : undefined
          const marks = await marksOf(projection, trx, tenant)
          return {
            sessions: rows.map(({ document }) => ({
              ...document,
              ...marks.get(`session/${document.sessionId}`),
            })),
            parked: marks.size,
            next: last === undefined ? null : encodeSessionsCursor(last),
          }
        })
      },
    })
  }
}

/** `GET /v1/sessions/{id}`. Codes: `not-found`, `stream-parked`, `position-not-reached`. */
export function getSessionRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/sessions/:id', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSession',
        summary: 'One session: its title, its epoch, where it branched from.',
        tags: ['sessions'],
        params: Type.Object({ id: text }, closed),
        querystring: Type.Object({ minPosition }, closed),
        response: { 200: readSessionSchema },
      },
      handler: (request, reply) => {
        const { id: sessionId } = request.params
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const session = await findSession(trx, { tenant, sessionId })
          const mark = await markOfStream(projection, trx, { tenant, stream: `session/${sessionId}` })
          if (session !== undefined) return { ...session, ...mark }
          if (mark.parked === undefined) throw noSuchSession(sessionId)
          const message = `The session ${sessionId} is in the journal, and the read model could not take it up: see the dead letter ${mark.parked.deadLetterId}.`
          throw new DaybookError('stream-parked', message, { details: { ...mark.parked } })
        })
      },
    })
  }
}
