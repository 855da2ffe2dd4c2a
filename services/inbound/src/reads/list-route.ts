import {
  closed,
  cursor,
  limit,
  limitOf,
  marksOf,
  minPosition,
  next,
  type Projection,
  readModel,
} from '@daybook/eventing'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { cursorAt, listMessages } from '../store/list-messages.ts'
import { decodeMessagesCursor, encodeMessagesCursor, filterFields } from './parameters.ts'
import { readMessageSchema, toReadMessage } from './read-message.ts'

const parkedTotal = Type.Integer({
  description: 'Conversations of the tenant that are left out from an event on, some of them wholly',
})

/** `GET /v1/inbound/messages`. Codes: `invalid-cursor`, `position-not-reached`. */
export function listMessagesRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/inbound/messages', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listInboundMessages',
        summary: 'Inbound messages, newest first.',
        tags: ['inbound'],
        querystring: Type.Object({ ...filterFields, limit, cursor, minPosition }, closed),
        response: {
          200: Type.Object({
            messages: Type.Array(readMessageSchema),
            nextCursor: next,
            parked: parkedTotal,
          }),
        },
      },
      handler: (request, reply) => {
        const { cursor: given, minPosition: _waitedFor, ...filter } = request.query
        const before = given === undefined ? {} : { before: decodeMessagesCursor(given) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, ...filter, ...before, limit: limitOf(filter) }
          const { rows, more } = await listMessages(trx, query)
          const last = more ? rows.at(-1) : undefined
          const marks = await marksOf(projection, trx, tenant)
          return {
            messages: rows.map((row) => toReadMessage(row, marks.get(row.lane))),
            parked: marks.size,
            nextCursor: last === undefined ? null : encodeMessagesCursor(cursorAt(last)),
          }
        })
      },
    })
  }
}
