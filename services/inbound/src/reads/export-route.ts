import { Readable } from 'node:stream'
import { closed, type Projection } from '@daybook/eventing'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { cursorAt, listMessages, type MessagesFilter, type MessagesQuery } from '../store/list-messages.ts'
import { filterFields } from './parameters.ts'
import { toReadMessage } from './read-message.ts'

/** A page also ends at 2 MiB, which is what is held in memory for one reader. */
const MESSAGES_PER_PAGE = 500

/** `GET /v1/inbound/export`. */
export function exportMessagesRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/inbound/export', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'exportInboundMessages',
        summary: 'Messages as JSON Lines, newest first: the dead ones, unless another state is asked for.',
        description:
          'Each line is a message as GET /v1/inbound/messages has it. It is read page by page: a message that changes meanwhile comes as it was when its page was read.',
        tags: ['inbound'],
        produces: ['application/x-ndjson'],
        querystring: Type.Object(filterFields, closed),
      },
      handler: async (request, reply) => {
        const { state = 'dead', ...filter } = request.query
        const lines = exportLines(projection, tenantOf(request), { ...filter, state })
        return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines))
      },
    })
  }
}

/** At its reader's pace: a slow one holds no transaction open. */
async function* exportLines<DB>(
  projection: Projection<DB>,
  tenant: string,
  filter: MessagesFilter,
): AsyncGenerator<string> {
  let query: MessagesQuery = { tenant, ...filter, limit: MESSAGES_PER_PAGE }
  for (let more = true; more; ) {
    const page = (await projection.read(tenant, (trx) => listMessages(trx, query))).value
    for (const row of page.rows) yield `${JSON.stringify(toReadMessage(row))}\n`
    const last = page.rows.at(-1)
    more = page.more && last !== undefined
    if (last !== undefined) query = { ...query, before: cursorAt(last) }
  }
}
