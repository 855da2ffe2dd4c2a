import {
  closed,
  cursor,
  limit,
  limitOf,
  minPosition,
  next,
  type Projection,
  parkedSchema,
  readModel,
  text,
} from '@daybook/eventing'
import { effectSchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { decodeEffectsCursor, encodeEffectsCursor } from '../cursor.ts'
import { listEffects } from '../store/effects.ts'
import { findRun } from '../store/runs.ts'
import { noSuchRun } from './no-such-run.ts'
import { leftOutWhole, markOf } from './parked.ts'

const listQuery = Type.Object(
  {
    status: Type.Optional(effectSchema.properties.status),
    kind: Type.Optional(text),
    limit,
    cursor,
    minPosition,
  },
  closed,
)

/** `GET /v1/runs/{id}/effects`. Codes: `not-found`, `stream-parked`, `invalid-cursor`, `position-not-reached`. */
export function listEffectsRoute<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id/effects', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listEffects',
        summary: 'What a run has asked for, in the order of asking.',
        tags: ['runs'],
        params: Type.Object({ id: text }, closed),
        querystring: listQuery,
        response: {
          200: Type.Object({ effects: Type.Array(effectSchema), next, parked: Type.Optional(parkedSchema) }),
        },
      },
      handler: (request, reply) => {
        const { cursor, minPosition: _waitedFor, ...filter } = request.query
        const { id: runId } = request.params
        const after = cursor === undefined ? {} : { after: decodeEffectsCursor(cursor) }
        return readModel(projection, { request, reply }, async (trx, tenant) => {
          const query = { tenant, runId, ...filter, ...after, limit: limitOf(filter) }
          const { rows, more } = await listEffects(trx, query)
          const mark = await markOf(projection, trx, { tenant, runId })
          if (rows.length === 0 && (await findRun(trx, { tenant, runId })) === undefined) {
            throw mark.parked === undefined ? noSuchRun(runId) : leftOutWhole(runId, mark.parked)
          }
          const last = more ? rows.at(-1) : undefined
          const place = last && { requestedSeq: last.requested_seq, effectId: last.effect_id }
          return {
            effects: rows.map(({ document }) => document),
            ...mark,
            next: place === undefined ? null : encodeEffectsCursor(place),
          }
        })
      },
    })
  }
}
