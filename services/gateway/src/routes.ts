import { DaybookError } from '@daybook/errors'
import type { HttpPlugin } from '@daybook/runtime'
import type { FastifyRequest } from 'fastify'
import { type ForwardOptions, forward } from './forward.ts'
import { joinLists } from './joined.ts'
import { type BodyKind, type Route, routeTable } from './route-table.ts'
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
export function proxyRoutes(parts: ProxyParts): HttpPlugin {
  return async (app) => {
    // Bodies are left on the wire for `forward`, whatever they are.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.addHook('onRequest', refuseOtherSites)
    for (const route of routeTable) {
      const { method, prefix, joinedWith } = route
      // Which scope it needs, the service knows that answers.
      const scope = route.isPublic === true ? 'public' : 'any'
      const config = { passThrough: true, scope } as const
      const schema = { hide: true }
      if (joinedWith !== undefined) {
        const services = [route.upstream, ...joinedWith].map((name) => upstreamOf(parts, name))
        app.route({ method, url: prefix, schema, config, handler: joinLists(services, parts) })
        continue
      }
      const options = optionsOf(route, parts)
      for (const url of [prefix, `${prefix}/*`]) {
        app.route({
          method,
          url,
          schema,
          config,
          handler: (request, reply) => forward(request, reply, options),
        })
      }
    }
  }
}

function optionsOf({ upstream, body, isPublic }: Route, parts: ProxyParts): ForwardOptions {
  const { tokens, callerKey, timeoutMs, bodyBytesMax } = parts
  return {
    upstream: upstreamOf(parts, upstream),
    timeoutMs,
    bodyBytesMax: body === undefined ? 0 : bodyBytesMax[body],
    ...(isPublic !== true && {
      vouching: { callerKey, isStillKnown: (request: FastifyRequest) => isStillKnownTo(tokens, request) },
    }),
  }
}

function upstreamOf({ upstreams }: ProxyParts, name: UpstreamName): Upstream {
  const upstream = upstreams.get(name)
  if (upstream !== undefined) return upstream
  throw new DaybookError('internal', `The service ${name} is in the route table, and has no address.`)
}

/**
 * A page on another site can make a browser on this machine send a body of any type here. It could not read the
 * answer, but a blob would have been kept. Browsers say where a request comes from; nothing else sends this header.
 */
async function refuseOtherSites(request: FastifyRequest): Promise<void> {
  if (request.method === 'GET' || request.headers['sec-fetch-site'] !== 'cross-site') return
  throw new DaybookError('invalid-request', 'Pages of other sites cannot write here. Send it from a program.')
}
