import { Readable } from 'node:stream'
import { parseVerifierKey, verifyBundle } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { type BundleParts, type BundleRequest, openBundle } from './bundle.ts'

const closed = { additionalProperties: false }
/** A kind has 32 characters at most, an id 200. */
const text = Type.String({ minLength: 1, maxLength: 200 })

const faultSchema = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  position: Type.Optional(Type.Integer()),
  stream: Type.Optional(Type.String()),
  seq: Type.Optional(Type.Integer()),
  id: Type.Optional(Type.String()),
})

const reportSchema = Type.Object({
  ok: Type.Boolean(),
  events: Type.Integer({ description: 'Events that were checked' }),
  proven: Type.Integer({ description: 'Events that are under the newest checkpoint' }),
  unproven: Type.Integer({ description: 'Events that came after it' }),
  erased: Type.Integer(),
  archived: Type.Integer(),
  fault: Type.Optional(faultSchema),
})

/** Streams as bundles, to be verified without us. */
export function bundleRoutes(parts: BundleParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/streams/:kind/:id/bundle', {
      config: { scope: 'read' },
      schema: {
        operationId: 'exportStream',
        summary: 'One stream as a bundle, which daybook verify checks without a server. JSON Lines.',
        tags: ['verification'],
        produces: ['application/jsonl'],
        params: Type.Object({ kind: text, id: text }, closed),
        querystring: Type.Object(
          {
            since: Type.Optional(
              Type.Integer({
                minimum: 1,
                description:
                  'The size of an older checkpoint, which the bundle is to prove that it continues',
              }),
            ),
          },
          closed,
        ),
      },
      handler: async (request, reply) => {
        const { kind, id } = request.params
        const { lines } = await openBundle(parts, {
          tenant: tenantOf(request),
          stream: `${kind}/${id}`,
          ...request.query,
        })
        return reply
          .type('application/jsonl; charset=utf-8')
          .header('content-disposition', 'attachment')
          .send(Readable.from(withLineFeeds(lines)))
      },
    })
    app.get('/v1/runs/:id/verify', {
      config: { scope: 'read' },
      schema: {
        operationId: 'verifyRun',
        summary: 'Verifies a run where it is kept. Who does not trust this server runs daybook verify.',
        tags: ['verification'],
        params: Type.Object({ id: text }, closed),
        response: { 200: reportSchema },
      },
      handler: (request) =>
        verifyStream(parts, { tenant: tenantOf(request), stream: `run/${request.params.id}` }),
    })
  }
}

async function verifyStream(parts: BundleParts, request: BundleRequest) {
  const { lines, checkpoint } = await openBundle(parts, request)
  const keys = checkpoint === undefined ? [] : [parseVerifierKey(checkpoint.key)]
  const { events, proven, unproven, erased, archived, fault } = await verifyBundle(lines, { keys })
  return { ok: fault === undefined, events, proven, unproven, erased, archived, ...(fault && { fault }) }
}

async function* withLineFeeds(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) yield `${line}\n`
}
