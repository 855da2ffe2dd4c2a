import type { BusService } from '@daybook/bus'
import { callerOf, type HttpPlugin, streamSignal } from '@daybook/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TProperties, Type } from 'typebox'
import { closed } from '../http/parameters.ts'
import type { Attention, CommandDoor } from './door.ts'

/** Told apart from what is wanted: how long to wait for it. */
const IN_QUERY = ['wait']

/** The commands of a service over HTTP. */
export function commandRoutes(service: BusService, doors: readonly CommandDoor[]): HttpPlugin {
  return async (app) => {
    for (const door of doors) {
      const { method, path: url, scope, operationId, summary, response, bodyBytesMax } = door
      const { params, query, body } = placesOf(door)
      app.route({
        method,
        url,
        config: { scope },
        bodyLimit: bodyBytesMax,
        schema: {
          operationId,
          summary,
          tags: [service],
          params: Type.Object(params, closed),
          querystring: Type.Object(query, closed),
          ...(method !== 'DELETE' && { body: Type.Object(body, closed) }),
          response,
        },
        preValidation: takeNoBodyAsEmpty,
        handler: async (request, reply) => {
          const told = typeof request.body === 'object' ? request.body : undefined
          const input = { ...request.params, ...request.query, ...told }
          const { tenant, actor } = callerOf(request)
          const call = { author: { tenant, actor }, ...('wait' in input && attentionOf(reply)) }
          const { status, body: answer } = await door.run(call, input)
          return reply.code(status).send(answer)
        },
      })
    }
  }
}

/** Who tells nothing need not send `{}`; what is needed and missing is named as it is in a body. */
async function takeNoBodyAsEmpty(request: FastifyRequest): Promise<void> {
  if (request.method !== 'DELETE') request.body ??= {}
}

/** A body of DELETE has no meaning to what is on its way (RFC 9110, 9.3.5), so all that it tells is in the query. */
function placesOf({ method, path, fields }: CommandDoor): Record<'params' | 'query' | 'body', TProperties> {
  const inPath = path.split('/').flatMap((word) => (word.startsWith(':') ? [word.slice(1)] : []))
  const isInQuery = (name: string): boolean => method === 'DELETE' || IN_QUERY.includes(name)
  const pick = (isMeant: (name: string) => boolean): TProperties =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => isMeant(name)))
  return {
    params: pick((name) => inPath.includes(name)),
    query: pick((name) => !inPath.includes(name) && isInQuery(name)),
    body: pick((name) => !inPath.includes(name) && !isInQuery(name)),
  }
}

/** Of who waits it is known when he goes; a server that closes answers at once. */
function attentionOf(reply: FastifyReply): Attention {
  return { signal: streamSignal(reply), isGone: () => reply.raw.destroyed }
}
