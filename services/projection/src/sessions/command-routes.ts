import { sessionIdOf } from '@daybook/events'
import { callerOf, type HttpPlugin } from '@daybook/runtime'
import { branchRoute } from './branch-route.ts'
import {
  answer,
  archiveBody,
  outcomeSchema,
  params,
  principalOf,
  renameBody,
  resetBody,
  resolveBody,
} from './command-bodies.ts'
import type { SessionCommands } from './commands.ts'
import { linkRoute } from './link-route.ts'

/** What can be done about a session, over HTTP. Codes of all: those of `decideLoop`. */
export function sessionCommandRoutes(commands: SessionCommands): HttpPlugin[] {
  return [
    resolveRoute(commands),
    renameRoute(commands),
    branchRoute(commands),
    resetRoute(commands),
    archiveRoute(commands),
    linkRoute(commands),
  ]
}

/** `POST /v1/sessions/resolve`. */
function resolveRoute({ execute }: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/resolve', {
      config: { scope: 'append' },
      schema: {
        operationId: 'resolveSession',
        summary: 'Find the session of a key, or start it. All who ask at the same time get the same one.',
        tags: ['sessions'],
        body: resolveBody,
        response: { 200: outcomeSchema, 201: outcomeSchema },
      },
      handler: async (request, reply) => {
        const author = callerOf(request)
        const { principal = principalOf(author), ...body } = request.body
        const sessionId = sessionIdOf(author.tenant, body.sessionKey)
        const command = { name: 'start' as const, data: { ...body, principal } }
        const outcome = await execute({ author, sessionId, command })
        return reply.code(outcome.changed ? 201 : 200).send(answer(reply, outcome))
      },
    })
  }
}

/** `POST /v1/sessions/{id}/rename`. Codes: `not-found`. */
function renameRoute({ execute }: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/:id/rename', {
      config: { scope: 'append' },
      schema: {
        operationId: 'renameSession',
        summary: 'Give a session another title. What a person has called it, a derived title never replaces.',
        tags: ['sessions'],
        params,
        body: renameBody,
        response: { 200: outcomeSchema },
      },
      handler: async (request, reply) => {
        const author = callerOf(request)
        const { title, by = author.actor.kind === 'user' ? 'person' : 'derived' } = request.body
        const command = { name: 'rename' as const, data: { title, by } }
        return answer(reply, await execute({ author, sessionId: request.params.id, command }))
      },
    })
  }
}

/** `POST /v1/sessions/{id}/reset`. Codes: `not-found`. */
function resetRoute({ execute }: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/:id/reset', {
      config: { scope: 'append' },
      schema: {
        operationId: 'resetSession',
        summary: 'Begin a new epoch of a session, also of an archived one. Nothing is deleted.',
        tags: ['sessions'],
        params,
        body: resetBody,
        response: { 200: outcomeSchema },
      },
      handler: async (request, reply) => {
        const { reason, epoch } = request.body
        const command = { name: 'reset' as const, data: { reason }, ...(epoch !== undefined && { epoch }) }
        const sessionId = request.params.id
        return answer(reply, await execute({ author: callerOf(request), sessionId, command }))
      },
    })
  }
}

/** `POST /v1/sessions/{id}/archive`. Codes: `not-found`. */
function archiveRoute({ execute }: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/:id/archive', {
      config: { scope: 'append' },
      schema: {
        operationId: 'archiveSession',
        summary: 'Put a session away. No more runs are linked to it, until it is reset.',
        tags: ['sessions'],
        params,
        body: archiveBody,
        response: { 200: outcomeSchema },
      },
      handler: async (request, reply) => {
        const command = { name: 'archive' as const, data: request.body }
        const sessionId = request.params.id
        return answer(reply, await execute({ author: callerOf(request), sessionId, command }))
      },
    })
  }
}
