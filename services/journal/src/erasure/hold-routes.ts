import { DaybookError } from '@daybook/errors'
import { parseStream } from '@daybook/events'
import { callerOf, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import type { Holds } from './holds.ts'

const closed = { additionalProperties: false }
const reason = Type.String({ minLength: 1, maxLength: 2_000 })
const text = Type.String({ minLength: 1, maxLength: 200 })
const params = Type.Object({ kind: text, id: text }, closed)

const holdSchema = Type.Object({
  stream: Type.String(),
  reason: Type.String(),
  actor: Type.Object({ kind: Type.String(), id: Type.String() }),
  since: Type.String(),
})

/** Legal holds over HTTP. Codes: `invalid-stream`, `not-found`. */
export function holdRoutes(holds: Holds): HttpPlugin[] {
  return [listRoute(holds), setRoute(holds), releaseRoute(holds)]
}

function listRoute(holds: Holds): HttpPlugin {
  return async (app) => {
    app.get('/v1/holds', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listHolds',
        summary: 'The streams of which nothing may be erased.',
        tags: ['retention'],
        response: { 200: Type.Object({ holds: Type.Array(holdSchema), next: Type.Null() }) },
      },
      handler: async (request) => {
        const { byStream } = await holds.of(tenantOf(request))
        return { holds: [...byStream.values()], next: null }
      },
    })
  }
}

function setRoute(holds: Holds): HttpPlugin {
  return async (app) => {
    app.put('/v1/holds/:kind/:id', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'setHold',
        summary: 'Forbid the erasure of a stream, there or not yet there.',
        tags: ['retention'],
        params,
        body: Type.Object({ reason }, closed),
        response: { 200: holdSchema },
      },
      handler: async (request) => {
        const { tenant, actor } = callerOf(request)
        return holds.set(tenant, streamOf(request.params), { reason: request.body.reason, actor })
      },
    })
  }
}

function releaseRoute(holds: Holds): HttpPlugin {
  return async (app) => {
    app.delete('/v1/holds/:kind/:id', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'releaseHold',
        summary: 'Allow the erasure of a stream again.',
        tags: ['retention'],
        params,
        querystring: Type.Object({ reason }, closed),
        response: { 200: holdSchema },
      },
      handler: async (request) => {
        const stream = streamOf(request.params)
        const { tenant, actor } = callerOf(request)
        const released = await holds.release(tenant, stream, { reason: request.query.reason, actor })
        if (released === undefined) throw new DaybookError('not-found', `${stream} is under no hold.`)
        return released
      },
    })
  }
}

function streamOf({ kind, id }: { kind: string; id: string }): string {
  const stream = `${kind}/${id}`
  parseStream(stream)
  return stream
}
