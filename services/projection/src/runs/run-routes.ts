import { closed, text } from '@daybook/eventing'
import { createUlids, type RunCommand, receiptSchema, runBodies } from '@daybook/events'
import { callerOf, type HttpPlugin } from '@daybook/runtime'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ExecuteRunCommand } from './commands.ts'

/** As large as an append may be. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024

export const receipts = Type.Array(receiptSchema, {
  description:
    'One for each event; none when it was so already. Reads with the last position as minPosition show it',
})
const answer = Type.Object({ runId: Type.String(), receipts })
/** What the routes about one run have in common. */
const ofRun = {
  tags: ['runs'],
  params: Type.Object({ id: text }, closed),
  response: { 200: answer },
}

async function carryOut(
  execute: ExecuteRunCommand,
  request: FastifyRequest<{ Params: { id: string } }>,
  command: RunCommand,
): Promise<Static<typeof answer>> {
  const { id: runId } = request.params
  const made = await execute({ caller: callerOf(request), runId, command })
  return { runId, receipts: [...made] }
}

/**
 * Commands on runs. Codes: `invalid-transition` (details: the status and what it allows), `not-found`, `conflict`, and
 * those of an append.
 */
export function runCommandRoutes(execute: ExecuteRunCommand): HttpPlugin[] {
  return [
    createRunRoute(execute),
    requestEffectsRoute(execute),
    endRunRoutes(execute),
    cancelRunRoute(execute),
  ]
}

/** `POST /v1/runs`. To repeat it word for word is no error; there is one run with an id. */
function createRunRoute(execute: ExecuteRunCommand): HttpPlugin {
  const nextUlid = createUlids()
  return async (app) => {
    app.post('/v1/runs', {
      config: { scope: 'append' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'createRun',
        summary: 'Create a run.',
        tags: ['runs'],
        body: runBodies.create,
        response: { 200: answer, 201: answer },
      },
      handler: async (request, reply) => {
        const data = { ...request.body, runId: request.body.runId ?? nextUlid() }
        const { runId } = data
        const made = await execute({ caller: callerOf(request), runId, command: { name: 'create', data } })
        return reply.code(made.length === 0 ? 200 : 201).send({ runId, receipts: [...made] })
      },
    })
  }
}

/** `POST /v1/runs/{id}/effects`. */
function requestEffectsRoute(execute: ExecuteRunCommand): HttpPlugin {
  return async (app) => {
    app.post('/v1/runs/:id/effects', {
      config: { scope: 'append' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'requestEffects',
        summary:
          'Ask for units of work, all or none. Those that were asked for before in the same words are left out.',
        ...ofRun,
        body: runBodies.requestEffects,
      },
      handler: (request) =>
        carryOut(execute, request, { name: 'request-effects', effects: request.body.effects }),
    })
  }
}

/** `POST /v1/runs/{id}/complete` and `…/fail`. */
function endRunRoutes(execute: ExecuteRunCommand): HttpPlugin {
  return async (app) => {
    app.post('/v1/runs/:id/complete', {
      config: { scope: 'append' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'completeRun',
        summary: 'End a run: its process returned.',
        ...ofRun,
        body: runBodies.complete,
      },
      handler: (request) => carryOut(execute, request, { name: 'complete', data: request.body }),
    })
    app.post('/v1/runs/:id/fail', {
      config: { scope: 'append' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'failRun',
        summary: 'End a run: its process or its engine failed for good.',
        ...ofRun,
        body: runBodies.fail,
      },
      handler: (request) => carryOut(execute, request, { name: 'fail', data: request.body }),
    })
  }
}

/** `POST /v1/runs/{id}/cancel`. */
function cancelRunRoute(execute: ExecuteRunCommand): HttpPlugin {
  return async (app) => {
    app.post('/v1/runs/:id/cancel', {
      config: { scope: 'append' },
      schema: {
        operationId: 'cancelRun',
        summary:
          'Cancel a run: at once when it is at rest (created, waiting), otherwise it is asked to stop.',
        ...ofRun,
        body: runBodies.cancel,
      },
      handler: (request) => {
        const { now = false, ...data } = request.body
        return carryOut(execute, request, { name: 'cancel', data, now })
      },
    })
  }
}
