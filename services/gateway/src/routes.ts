import { DaybookError } from '@daybook/errors'
import type { HttpPlugin } from '@daybook/runtime'
import type { FastifyRequest } from 'fastify'
import { forward } from './forward.ts'
import { type BodyKind, routeTable } from './route-table.ts'
import type { Tokens } from './tokens/authenticate.ts'
import { isStillKnownTo } from './tokens/callers.ts'
import type { Upstream, UpstreamName } from './upstreams.ts'

export interface ProxyParts {
  upstreams: ReadonlyMap<UpstreamName, Upstream>
  bodyBytesMax: Readonly<Record<BodyKind, number>>
  timeoutMs: number
  callerKey: string
  tokens: Tokens
}

/** Everything in the route table, passed on. */
export function proxyRoutes({
  upstreams,
  bodyBytesMax,
  timeoutMs,
  callerKey,
  tokens,
}: ProxyParts): HttpPlugin {
  const isStillKnown = (request: FastifyRequest) => isStillKnownTo(tokens, request)
  return async (app) => {
    // Bodies are left on the wire for `forward`, whatever they are.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.addHook('onRequest', refuseOtherSites)
    for (const { method, prefix, upstream: name, body } of routeTable) {
      const upstream = upstreams.get(name)
      if (upstream === undefined) continue
      const options = {
        upstream,
        timeoutMs,
        callerKey,
        isStillKnown,
        bodyBytesMax: body === undefined ? 0 : bodyBytesMax[body],
      }
      for (const url of [prefix, `${prefix}/*`]) {
        app.route({
          method,
          url,
          schema: { hide: true },
          // Which scope it needs, the service knows that answers.
          config: { passThrough: true, scope: 'any' },
          handler: (request, reply) => forward(request, reply, options),
        })
      }
    }
  }
}

/**
 * A page on another site can make a browser on this machine send a body of any type here. It could not read the
 * answer, but a blob would have been kept. Browsers say where a request comes from; nothing else sends this header.
 */
async function refuseOtherSites(request: FastifyRequest): Promise<void> {
  if (request.method === 'GET' || request.headers['sec-fetch-site'] !== 'cross-site') return
  throw new DaybookError('invalid-request', 'Pages of other sites cannot write here. Send it from a program.')
}
