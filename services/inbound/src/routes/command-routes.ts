import { callerOf, type HttpPlugin, streamSignal } from '@daybook/runtime'
import type { FastifyReply } from 'fastify'
import { type TProperties, Type } from 'typebox'
import type { Call, CommandDoor } from '../doors.ts'

const closed = { additionalProperties: false }
/** Told apart from what is wanted: how long to wait for it. */
const IN_QUERY = ['wait']

/** The commands over HTTP: `POST` to their paths. */
export function commandRoutes(doors: readonly CommandDoor[]): HttpPlugin {
  return async (app) => {
    for (const door of doors) {
      const { path, scope, operationId, summary, response, bodyBytesMax } = door
      const { params, query, body } = placesOf(door)
      app.post(path, {
        config: { scope },
        bodyLimit: bodyBytesMax,
        schema: {
          operationId,
          summary,
          tags: ['inbound'],
          params: Type.Object(params, closed),
          querystring: Type.Object(query, closed),
          body: Type.Object(body, closed),
          response,
        },
        handler: async (request, reply) => {
          const input = { ...request.params, ...request.query, ...request.body }
          const { tenant, actor } = callerOf(request)
          const call = { author: { tenant, actor }, ...('wait' in input && attentionOf(reply)) }
          const { status, body: answer } = await door.run(call, input)
          return reply.code(status).send(answer)
        },
      })
    }
  }
}

function placesOf({ path, fields }: CommandDoor): Record<'params' | 'query' | 'body', TProperties> {
  const inPath = path.split('/').flatMap((word) => (word.startsWith(':') ? [word.slice(1)] : []))
  const pick = (isMeant: (name: string) => boolean): TProperties =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => isMeant(name)))
  return {
    params: pick((name) => inPath.includes(name)),
    query: pick((name) => IN_QUERY.includes(name)),
    body: pick((name) => !inPath.includes(name) && !IN_QUERY.includes(name)),
  }
}

/** Of who waits it is known when he goes; a server that closes answers at once. */
function attentionOf(reply: FastifyReply): Pick<Call, 'signal' | 'isGone'> {
  return { signal: streamSignal(reply), isGone: () => reply.raw.destroyed }
}
