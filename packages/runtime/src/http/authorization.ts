import { DaybookError } from '@daybook/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CallerCheck, keepCallers, may, type RouteScope, setCaller } from './caller.ts'

const ALL_PUBLIC = Symbol('all public')
const REALM = 'Bearer realm="daybook"'

/**
 * Lets a request through to a route only when its caller is known and has the scope that the route names. A route that
 * names none keeps the server from starting: nothing is public by being forgotten. Must come before the routes.
 */
export function requireCallers(app: FastifyInstance, check: CallerCheck): void {
  keepCallers(app)
  app.addHook('onRoute', function (route) {
    const scope = route.config?.scope ?? (this.hasDecorator(ALL_PUBLIC) ? 'public' : undefined)
    route.config = { ...route.config, ...(scope && { scope }) }
    if (scope === undefined)
      throw new DaybookError(
        'internal',
        `Route ${String(route.method)} ${route.url} does not say what it asks of its caller (config.scope).`,
      )
    if (scope === 'public') return
    route.schema = { ...route.schema, security: [{ token: scope === 'any' ? [] : [scope] }] }
  })
  app.addHook('onRequest', async (request, reply) => {
    // What is at no address is told to everybody; the description of the API says it too.
    const scope = request.is404 ? 'public' : (request.routeOptions.config.scope ?? 'admin')
    if (scope !== 'public') await authorize(check, scope, request, reply)
  })
}

/** For a plugin whose routes are written by others: they ask nothing of their callers. */
export function makePublic(app: Pick<FastifyInstance, 'decorate'>): void {
  app.decorate(ALL_PUBLIC, true)
}

async function authorize(
  check: CallerCheck,
  scope: Exclude<RouteScope, 'public'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  try {
    const caller = await check(request)
    setCaller(request, caller)
    if (scope === 'any' || may(caller, scope)) return
  } catch (error) {
    // RFC 6750, 3.1: a request without a token is not told that its token is wrong.
    const reason = request.headers.authorization === undefined ? '' : ', error="invalid_token"'
    if (error instanceof DaybookError && error.code === 'unauthenticated')
      reply.header('www-authenticate', `${REALM}${reason}`)
    throw error
  }
  reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`)
  throw new DaybookError('forbidden', `This needs the scope ${scope}. Use a token that has it.`, {
    details: { scope },
  })
}
