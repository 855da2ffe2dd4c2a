import { closed, limit, limitOf, POSITION_HEADER, text } from '@daybook/eventing'
import { journalEventSchema } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { RECENT_EVENTS_MAX, type RecentReads } from '../recent-events.ts'
import { type JournalParts, pageSchema, readJournal, sendTail, wantsTail } from './journal.ts'
import { actors, types } from './parameters.ts'

const listQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Events after this position.' })),
    limit,
    types,
    kinds: Type.Optional(
      Type.Array(text, { maxItems: 100, description: 'Only streams of these kinds: a,b' }),
    ),
    streams: Type.Optional(
      Type.Array(text, { maxItems: 100, description: 'Only these streams: run/a,run/b' }),
    ),
    actors,
  },
  closed,
)

/** `GET /v1/events`. Code: `invalid-cursor` (a `Last-Event-ID` that is none). */
export function listEventsRoute<DB>(parts: JournalParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/events', {
      config: { scope: 'read' },
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

const recentQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: RECENT_EVENTS_MAX, default: RECENT_EVENTS_MAX }),
    ),
  },
  closed,
)

/** `GET /v1/events/recent`. */
export function recentEventsRoute(recent: RecentReads): HttpPlugin {
  return async (app) => {
    app.get('/v1/events/recent', {
      config: { scope: 'read' },
      schema: {
        operationId: 'recentEvents',
        summary: 'The last events, oldest first: at most 100 and 2 MiB, kept in memory.',
        tags: ['events'],
        querystring: recentQuery,
        response: { 200: Type.Object({ events: Type.Array(journalEventSchema) }) },
      },
      handler: async (request, reply) => {
        const { limit = RECENT_EVENTS_MAX } = request.query
        const { events, position } = await recent.read(tenantOf(request))
        reply.header(POSITION_HEADER, position)
        return { events: events.slice(-limit) }
      },
    })
  }
}
