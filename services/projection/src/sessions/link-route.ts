import { DaybookError } from '@daybook/errors'
import { callerOf, type HttpPlugin } from '@daybook/runtime'
import { answer, linkBody, outcomeSchema, params } from './command-bodies.ts'
import type { SessionCommands } from './commands.ts'

/** `POST /v1/sessions/{id}/link`. Codes: `not-found`, `invalid-transition` (archived). */
export function linkRoute({ execute }: SessionCommands): HttpPlugin {
  return async (app) => {
    app.post('/v1/sessions/:id/link', {
      config: { scope: 'append' },
      schema: {
        operationId: 'linkRun',
        summary: 'Take a run into a session that was created without it.',
        tags: ['sessions'],
        params,
        body: linkBody,
        response: { 200: outcomeSchema },
      },
      handler: async (request, reply) => {
        const { runId } = request.body
        const outcome = await execute({
          author: callerOf(request),
          sessionId: request.params.id,
          command: { name: 'link', data: { runId } },
          expect: { [`run/${runId}`]: 'exists' },
        }).catch((error: unknown) => Promise.reject(asMissingRun(error, runId)))
        return answer(reply, outcome)
      },
    })
  }
}

function asMissingRun(error: unknown, runId: string): unknown {
  const isIt = error instanceof DaybookError && error.code === 'seq-conflict'
  if (!isIt || error.details?.['stream'] !== `run/${runId}`) return error
  return new DaybookError('not-found', `There is no run ${runId}. GET /v1/runs lists the runs.`)
}
