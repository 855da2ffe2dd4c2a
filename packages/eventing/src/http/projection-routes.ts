import { DaybookError } from '@daybook/errors'
import { callerOf, type HttpPlugin, isOperator, requireOperator } from '@daybook/runtime'
import { Type } from 'typebox'
import { describeProjection, findServed, type ServedProjection } from '../served-projection.ts'
import { closed, text } from './parameters.ts'
import { projectionListSchema, projectionSchema } from './projection-schemas.ts'
import { verifyRoute } from './verify-route.ts'

/** The state of a service's projections, and what can be done about them. */
export function projectionRoutes<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin[] {
  return [listRoute(served), rebuildRoute(served), cancelRoute(served), verifyRoute(served)]
}

const nameParams = Type.Object({ name: text }, closed)

/** `GET /v1/projections`. */
function listRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  return async (app) => {
    app.get('/v1/projections', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listProjections',
        summary: 'The read models: how far each is, and the rebuild under way, if any.',
        tags: ['projections'],
        response: { 200: projectionListSchema },
      },
      handler: async (request) => {
        const projections = await Promise.all(served.map(describeProjection))
        return { projections: isOperator(callerOf(request)) ? projections : projections.map(withoutWords) }
      },
    })
  }
}

/** For those who do not run Daybook: how far it is, without what people wrote and what went wrong for others. */
function withoutWords<Described extends object>(projection: Described): Described {
  return { ...projection, failure: null, rebuild: null, generations: [] }
}

/** `POST /v1/projections/{name}/rebuild`. Code: `not-found`. */
function rebuildRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  const reason = Type.String({ minLength: 1, maxLength: 1_000, pattern: '^[^\\u0000]*$' })
  return async (app) => {
    app.post('/v1/projections/:name/rebuild', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'rebuildProjection',
        summary: 'Builds a read model anew beside the running one and switches it in; answers at once.',
        description: 'While a rebuild is under way, that one is answered and nothing else happens.',
        tags: ['projections'],
        params: nameParams,
        body: Type.Object({ reason }, closed),
        response: { 202: projectionSchema },
      },
      handler: async (request, reply) => {
        const caller = callerOf(request)
        requireOperator(caller)
        const found = findServed(served, request.params.name)
        await found.rebuilds.request(request.body.reason, caller.actor)
        return reply.code(202).send(await describeProjection(found))
      },
    })
  }
}

/** `DELETE /v1/projections/{name}/rebuild`. Code: `not-found`. */
function cancelRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  return async (app) => {
    app.delete('/v1/projections/:name/rebuild', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'cancelRebuild',
        summary: 'Gives up the rebuild under way; the running read model goes on as before.',
        tags: ['projections'],
        params: nameParams,
        response: { 200: projectionSchema },
      },
      handler: async (request) => {
        requireOperator(callerOf(request))
        const found = findServed(served, request.params.name)
        if (await found.rebuilds.cancel()) return describeProjection(found)
        throw new DaybookError('not-found', `No rebuild of ${found.name} is under way.`)
      },
    })
  }
}
