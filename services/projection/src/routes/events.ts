import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { type JournalParts, pageSchema, readJournal, sendTail, wantsTail } from './journal.ts'
import { closed, limit, limitOf, text, types } from './parameters.ts'

const listQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Events after this position.' })),
    limit,
    types,
    kinds: Type.Optional(
      Type.Array(text, { maxItems: 100, description: 'Only streams of these kinds: a,b' }),
    ),
  },
  closed,
)

/** `GET /v1/events`. Code: `invalid-cursor` (a `Last-Event-ID` that is none). */
export function listEventsRoute<DB>(parts: JournalParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/events', {
      schema: {
        operationId: 'listEvents',
        summary: 'The events of the journal in their order, or a live tail of them.',
        tags: ['events'],
        querystring: listQuery,
        response: { 200: pageSchema },
      },
      handler: async (request, reply) => {
        const { limit: _limit, ...query } = request.query
        if (wantsTail(request)) return sendTail(parts, { request, reply }, query)
        const { events, more } = await readJournal(parts, { request, reply }, (readPage) =>
          readPage({ after: 0, ...query, limit: limitOf(request.query) }),
        )
        return { events, next: more ? (events.at(-1)?.position ?? null) : null }
      },
    })
  }
}
