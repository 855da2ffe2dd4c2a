import { DaybookError } from '@daybook/errors'
import { closed, limit, limitOf, text } from '@daybook/eventing'
import { parseStream } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { streamExists } from '../store/events.ts'
import { type JournalParts, pageSchema, readJournal, sendTail, wantsTail } from './journal.ts'
import { actors, types } from './parameters.ts'

const tapeQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Events after this seq; with reverse, before it.' }),
    ),
    limit,
    reverse: Type.Optional(Type.Boolean({ description: 'Newest first.' })),
    types,
    actors,
  },
  closed,
)

/** `GET /v1/streams/{kind}/{id}/events`. Codes: `invalid-stream`, `not-found`, `invalid-cursor`. */
export function readStreamRoute<DB>(parts: JournalParts<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/streams/:kind/:id/events', {
      config: { scope: 'read' },
      schema: {
        operationId: 'readStream',
        summary: 'The tape of one stream, or a live tail of it.',
        tags: ['events'],
        params: Type.Object({ kind: text, id: text }, closed),
        querystring: tapeQuery,
        response: { 200: pageSchema },
      },
      handler: async (request, reply) => {
        const stream = `${request.params.kind}/${request.params.id}`
        parseStream(stream)
        const { limit: _limit, reverse = false, ...query } = request.query
        if (wantsTail(request)) {
          if (reverse)
            throw new DaybookError('invalid-request', 'A live tail runs forward. Leave out reverse.')
          return sendTail(parts, { request, reply }, { stream, ...query })
        }
        const { events, more } = await readJournal(parts, { request, reply }, async (readPage, trx) => {
          const page = await readPage({ stream, ...query, reverse, limit: limitOf(request.query) })
          if (page.events.length > 0 || (await streamExists(trx, { tenant: tenantOf(request), stream })))
            return page
          throw new DaybookError('not-found', `The stream ${stream} has no events.`)
        })
        return { events, next: more ? (events.at(-1)?.seq ?? null) : null }
      },
    })
  }
}
