import type { Database } from '@daybook/database'
import { closed, type Projection, text } from '@daybook/eventing'
import { type RunCommand, runBodies } from '@daybook/events'
import { callerOf, type HttpPlugin, may } from '@daybook/runtime'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ExecuteRunCommand } from './commands.ts'
import { findRunOfEffect } from './find-effect.ts'
import { BODY_BYTES_MAX, receipts } from './run-routes.ts'

export interface EffectRouteParts<DB> {
  readonly database: Pick<Database<DB>, 'kysely'>
  readonly projection: Projection<DB>
  readonly execute: ExecuteRunCommand
}

const answer = Type.Object({ runId: Type.String(), effectId: Type.String(), receipts })

/** The same command with the run in its path, and without, for who knows the effect only. */
const PATHS = [
  {
    path: '/v1/runs/:id/effects/:effectId',
    params: Type.Object({ id: text, effectId: text }, closed),
    suffix: 'OfRun',
  },
  { path: '/v1/effects/:effectId', params: Type.Object({ effectId: text }, closed), suffix: '' },
] as const

/**
 * What workers do: `POST …/resolve`, `…/progress`, `…/cancel`. Codes: `invalid-transition` (details: the status of the run
 * and of the effect), `not-found`, `ambiguous-id` (several runs have an effect with this id: name the run), `forbidden`
 * (a breakpoint, without the scope approve), `conflict`, and those of an append.
 */
export function effectCommandRoutes<DB>(parts: EffectRouteParts<DB>): HttpPlugin[] {
  return [resolveRoutes(parts), progressRoutes(parts), cancelRoutes(parts)]
}

function resolveRoutes<DB>(parts: EffectRouteParts<DB>): HttpPlugin {
  return async (app) => {
    for (const { path, params, suffix } of PATHS) {
      app.post(`${path}/resolve`, {
        config: { scope: 'append' },
        bodyLimit: BODY_BYTES_MAX,
        schema: {
          operationId: `resolveEffect${suffix}`,
          summary:
            'Post the result of a unit of work, or its error. Once: to repeat it word for word is no error.',
          tags: ['runs'],
          params,
          body: runBodies.resolveEffect,
          response: { 200: answer },
        },
        handler: (request) => {
          const mayApprove = may(callerOf(request), 'approve')
          return carryOut(parts, request, (effectId) => ({
            name: 'resolve-effect',
            data: { ...request.body, effectId },
            mayApprove,
          }))
        },
      })
    }
  }
}

function progressRoutes<DB>(parts: EffectRouteParts<DB>): HttpPlugin {
  return async (app) => {
    for (const { path, params, suffix } of PATHS) {
      app.post(`${path}/progress`, {
        config: { scope: 'append' },
        schema: {
          operationId: `reportProgress${suffix}`,
          summary: 'Tell how far a unit of work is; for people to look at.',
          tags: ['runs'],
          params,
          body: runBodies.reportProgress,
          response: { 200: answer },
        },
        handler: (request) =>
          carryOut(parts, request, (effectId) => ({
            name: 'report-progress',
            data: { ...request.body, effectId },
          })),
      })
    }
  }
}

function cancelRoutes<DB>(parts: EffectRouteParts<DB>): HttpPlugin {
  return async (app) => {
    for (const { path, params, suffix } of PATHS) {
      app.post(`${path}/cancel`, {
        config: { scope: 'append' },
        schema: {
          operationId: `cancelEffect${suffix}`,
          summary: 'Withdraw a unit of work: nobody needs its result any more.',
          tags: ['runs'],
          params,
          body: runBodies.cancelEffect,
          response: { 200: answer },
        },
        handler: (request) =>
          carryOut(parts, request, (effectId) => ({
            name: 'cancel-effect',
            data: { ...request.body, effectId },
          })),
      })
    }
  }
}

async function carryOut<DB>(
  parts: EffectRouteParts<DB>,
  request: FastifyRequest<{ Params: { id?: string; effectId: string } }>,
  commandOn: (effectId: string) => RunCommand,
) {
  const caller = callerOf(request)
  const { effectId, id } = request.params
  const runId = id ?? (await findRunOfEffect(parts, { tenant: caller.tenant, effectId }))
  const made = await parts.execute({ caller, runId, command: commandOn(effectId) })
  return { runId, effectId, receipts: [...made] }
}
