import { closed, minPosition, type Projection, readModel, text } from '@daybook/eventing'
import { effectSchema } from '@daybook/events'
import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { findEffect } from './find-effect.ts'

const querystring = Type.Object({ minPosition }, closed)

/**
 * `GET /v1/runs/{id}/effects/{effectId}`, and `GET /v1/effects/{effectId}` for who knows the effect only. Codes:
 * `not-found`, `ambiguous-id` (several runs have an effect with this id), `position-not-reached`.
 */
export function readEffectRoutes<DB>(projection: Projection<DB>): HttpPlugin {
  return async (app) => {
    app.get('/v1/runs/:id/effects/:effectId', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getEffectOfRun',
        summary: 'One unit of work of a run: what was asked, and what came of it.',
        tags: ['runs'],
        params: Type.Object({ id: text, effectId: text }, closed),
        querystring,
        response: { 200: effectSchema },
      },
      handler: (request, reply) =>
        readModel(projection, { request, reply }, (trx, tenant) => {
          const { id: runId, effectId } = request.params
          return findEffect(trx, { tenant, runId, effectId })
        }),
    })
    app.get('/v1/effects/:effectId', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getEffect',
        summary: 'One unit of work, by its id alone.',
        tags: ['runs'],
        params: Type.Object({ effectId: text }, closed),
        querystring,
        response: { 200: effectSchema },
      },
      handler: (request, reply) =>
        readModel(projection, { request, reply }, (trx, tenant) =>
          findEffect(trx, { tenant, effectId: request.params.effectId }),
        ),
    })
  }
}
