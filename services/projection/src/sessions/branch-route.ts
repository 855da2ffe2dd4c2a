import type { Author } from '@daybook/eventing'
import { sessionIdOf } from '@daybook/events'
import { callerOf, type HttpPlugin } from '@daybook/runtime'
import type { Static } from 'typebox'
import { answer, branchBody, outcomeSchema, params, principalOf } from './command-bodies.ts'
import type { SessionCommands, SessionOutcome } from './commands.ts'
import { readOrigin, requireRunOf } from './origin.ts'

/** `POST /v1/sessions/{id}/branch`. Codes: `not-found`, `invalid-transition` (not a run of it; the key is taken). */
export function branchRoute(commands: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/:id/branch', {
      config: { scope: 'append' },
      schema: {
        operationId: 'branchSession',
        summary: 'Go on from one of its runs in a session of its own.',
        tags: ['sessions'],
        params,
        body: branchBody,
        response: { 200: outcomeSchema, 201: outcomeSchema },
      },
      handler: async (request, reply) => {
        const outcome = await branch(commands, callerOf(request), {
          parent: request.params.id,
          ...request.body,
        })
        return reply.code(outcome.changed ? 201 : 200).send(answer(reply, outcome))
      },
    })
  }
}

async function branch(
  { execute, read }: SessionCommands,
  author: Author,
  { parent, fromRunId, ...wished }: { parent: string } & Static<typeof branchBody>,
): Promise<SessionOutcome> {
  const { principal = principalOf(author), channel } = await readOrigin(read, author.tenant, parent)
  await requireRunOf(read, author.tenant, { sessionId: parent, runId: fromRunId })
  const sessionKey = wished.sessionKey ?? `branch:${parent}:${fromRunId}`
  const sessionId = sessionIdOf(author.tenant, sessionKey)
  const started = { ...wished, sessionKey, principal, ...(channel !== undefined && { channel }) }
  const command = { name: 'branch' as const, started, branched: { fromRunId, parent, branch: sessionId } }
  return execute({ author, sessionId, command, expect: { [`session/${parent}`]: 'exists' } })
}
