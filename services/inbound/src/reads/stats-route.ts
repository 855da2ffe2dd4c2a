import {
  closed,
  cursor,
  decodeCursor,
  encodeCursor,
  invalidCursor,
  isKeepable,
  minPosition,
  next,
  type Projection,
  readModel,
} from '@daybook/eventing'
import { inboundMessageSchema, inboundReplySchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { type Static, Type } from 'typebox'
import type { TotalName } from '../messages/totals.ts'
import { type AccountTotals, listTotals } from '../store/stats.ts'
import { account, source } from './parameters.ts'

/** More than anybody has: whoever looks at this sees all of it at once. */
const ACCOUNTS_PER_PAGE = 1_000

const total = Type.Integer({ minimum: 0 })

const accountStatsSchema = Type.Object(
  {
    source: Type.String(),
    account: Type.String(),
    messages: Type.Record(inboundMessageSchema.properties.state, total),
    payloads: Type.Integer({ minimum: 0, description: 'Kept by the read model: what maxEntries bounds' }),
    oldestPendingAt: Type.Optional(
      Type.String({ description: 'When the oldest pending message was received' }),
    ),
    attempts: total,
    duplicates: total,
    conflicts: total,
    replies: Type.Record(inboundReplySchema.properties.state, total),
  },
  { description: 'Of the messages that are kept: those of which only the journal knows are not counted' },
)

/** `GET /v1/inbound/stats`. Codes: `invalid-cursor`, `position-not-reached`. */
export function inboundStatsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/inbound/stats', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getInboundStats',
        summary: 'What each source and account holds: messages and replies by state, attempts, repetitions.',
        tags: ['inbound'],
        querystring: Type.Object({ source, account, cursor, minPosition }, closed),
        response: { 200: Type.Object({ sources: Type.Array(accountStatsSchema), nextCursor: next }) },
      },
      handler: (request, reply) => {
        const { cursor: given, minPosition: _waitedFor, ...filter } = request.query
        const after = given === undefined ? {} : { after: placeIn(given) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const rows = await listTotals(trx, { tenant, ...filter, ...after, limit: ACCOUNTS_PER_PAGE + 1 })
          const page = rows.slice(0, ACCOUNTS_PER_PAGE)
          const last = rows.length > page.length ? page.at(-1) : undefined
          return {
            sources: page.map(toAccountStats),
            nextCursor: last === undefined ? null : encodeCursor(last.source, last.account),
          }
        })
      },
    })
  }
}

function placeIn(given: string): { source: string; account: string } {
  const [ofSource, ofAccount] = decodeCursor(given, 2)
  if (!isKeepable(ofSource) || !isKeepable(ofAccount)) throw invalidCursor()
  return { source: ofSource, account: ofAccount }
}

function toAccountStats({
  totals,
  oldestPendingAt,
  source: ofSource,
  account: ofAccount,
}: AccountTotals): Static<typeof accountStatsSchema> {
  const of = (name: TotalName): number => totals[name] ?? 0
  return {
    source: ofSource,
    account: ofAccount,
    ...(oldestPendingAt !== null && { oldestPendingAt }),
    messages: {
      pending: of('pending'),
      claimed: of('claimed'),
      replying: of('replying'),
      completed: of('completed'),
      dead: of('dead'),
      dismissed: of('dismissed'),
    },
    payloads: of('payloads'),
    attempts: of('attempts'),
    duplicates: of('duplicates'),
    conflicts: of('conflicts'),
    replies: {
      pending: of('reply-pending'),
      claimed: of('reply-claimed'),
      sent: of('reply-sent'),
      ambiguous: of('reply-ambiguous'),
      dead: of('reply-dead'),
    },
  }
}
