import { DaybookError } from '@daybook/errors'
import { type Actor, draftSchema, parseStream } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import type { Holds } from './holds.ts'
import { DEFAULT_ACTOR } from './routes.ts'

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
      schema: {
        operationId: 'setHold',
        summary: 'Forbid the erasure of a stream, there or not yet there.',
        tags: ['retention'],
        params,
        body: Type.Object({ reason, actor: draftSchema.properties.actor }, closed),
        response: { 200: holdSchema },
      },
      handler: async (request) => {
        const { reason: why, actor = DEFAULT_ACTOR } = request.body
        return holds.set(tenantOf(request), streamOf(request.params), { reason: why, actor })
      },
    })
  }
}

function releaseRoute(holds: Holds): HttpPlugin {
  return async (app) => {
    app.delete('/v1/holds/:kind/:id', {
      schema: {
        operationId: 'releaseHold',
        summary: 'Allow the erasure of a stream again.',
        tags: ['retention'],
        params,
        querystring: Type.Object(
          {
            reason,
            actor: Type.Optional(
              Type.String({
                pattern: '^(agent|user|service|schedule):[^\\u0000-\\u001f\\u007f]{1,200}$',
                description: 'Who says so: user:<name>, service:<name> …',
              }),
            ),
          },
          closed,
        ),
        response: { 200: holdSchema },
      },
      handler: async (request) => {
        const stream = streamOf(request.params)
        const { reason: why, actor } = request.query
        const statement = { reason: why, actor: actor === undefined ? DEFAULT_ACTOR : actorOf(actor) }
        const released = await holds.release(tenantOf(request), stream, statement)
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

const KINDS = ['agent', 'user', 'service', 'schedule'] as const

function actorOf(text: string): Actor {
  const colon = text.indexOf(':')
  const kind = KINDS.find((known) => known === text.slice(0, colon))
  return { kind: kind ?? 'user', id: text.slice(colon + 1) }
}
