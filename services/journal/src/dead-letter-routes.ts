import { Readable } from 'node:stream'
import { receiptSchema } from '@daybook/events'
import { callerOf, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import type { DeadLetterContent } from './dead-letter.ts'
import {
  closed,
  deadLetterContentSchema,
  deadLetterSchema,
  decisionBody,
  filterFields,
  idParams,
  ulid,
} from './dead-letter-schema.ts'
import {
  dismissDeadLetter,
  getDeadLetter,
  requeueDeadLetter,
  type SettleParts,
} from './settle-dead-letters.ts'
import { type DeadLetterFilter, findDeadLetter, listDeadLetters } from './store/dead-letters.ts'

const PAGE_MAX = 1_024
/** An export holds so many in memory at once; a message has 4 MiB at most, and most have a few hundred bytes. */
const EXPORT_PAGE = 20

/** Codes: `not-found`, `already-settled`; of a requeue also those of an append. */
export function deadLetterRoutes(parts: SettleParts): HttpPlugin[] {
  return [readRoutes(parts), exportRoute(parts), decisionRoutes(parts)]
}

function readRoutes({ database }: SettleParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/dead-letters', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDeadLetters',
        summary: 'What could not be accepted or applied, newest first.',
        tags: ['dead letters'],
        querystring: Type.Object(
          {
            ...filterFields,
            before: Type.Optional(ulid),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100 })),
          },
          closed,
        ),
        response: {
          200: Type.Object(
            { deadLetters: Type.Array(deadLetterSchema), next: Type.Union([Type.String(), Type.Null()]) },
            closed,
          ),
        },
      },
      handler: async (request) => {
        const { limit = 100, ...rest } = request.query
        const deadLetters = await listDeadLetters(database, tenantOf(request), { ...rest, limit })
        return { deadLetters, next: deadLetters.length < limit ? null : (deadLetters.at(-1)?.id ?? null) }
      },
    })
    app.get('/v1/dead-letters/:id', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getDeadLetter',
        summary: 'One dead letter with its content and its history.',
        tags: ['dead letters'],
        params: idParams,
        response: { 200: deadLetterContentSchema },
      },
      handler: (request) => getDeadLetter({ database }, { tenant: tenantOf(request), id: request.params.id }),
    })
  }
}

function exportRoute(parts: SettleParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/dead-letters/export', {
      config: { scope: 'read' },
      schema: {
        operationId: 'exportDeadLetters',
        summary:
          'All dead letters that fit, with content and history, as JSON Lines (application/jsonl), newest first.',
        tags: ['dead letters'],
        querystring: Type.Object(filterFields, closed),
      },
      handler: async (request, reply) =>
        reply
          .type('application/jsonl; charset=utf-8')
          .send(Readable.from(exportLines(parts, tenantOf(request), request.query))),
    })
  }
}

async function* exportLines(
  { database }: SettleParts,
  tenant: string,
  filter: DeadLetterFilter,
): AsyncGenerator<string> {
  let before: string | undefined
  do {
    const page = await listDeadLetters(database, tenant, {
      ...filter,
      ...(before !== undefined && { before }),
      limit: EXPORT_PAGE,
    })
    before = page.length < EXPORT_PAGE ? undefined : page.at(-1)?.id
    for (const { id } of page) {
      const letter: DeadLetterContent | undefined = await findDeadLetter(database, tenant, id)
      if (letter !== undefined) yield `${JSON.stringify(letter)}\n`
    }
  } while (before !== undefined)
}

function decisionRoutes(parts: SettleParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/dead-letters/:id/requeue', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'requeueDeadLetter',
        summary:
          'Try again. A message of the queue is appended, and answered with its receipts; an event is applied with all that was left out after it, soon after the answer.',
        tags: ['dead letters'],
        params: idParams,
        body: decisionBody,
        response: {
          200: Type.Object(
            { deadLetter: deadLetterContentSchema, receipts: Type.Optional(Type.Array(receiptSchema)) },
            closed,
          ),
        },
      },
      handler: (request) => {
        const { tenant, actor } = callerOf(request)
        const { reason } = request.body
        const asked = { tenant, id: request.params.id, decision: { reason, actor } }
        return requeueDeadLetter(parts, asked)
      },
    })
    app.post('/v1/dead-letters/:id/dismiss', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'dismissDeadLetter',
        summary: 'Take note of it. It is kept, and can still be requeued.',
        tags: ['dead letters'],
        params: idParams,
        body: decisionBody,
        response: { 200: Type.Object({ deadLetter: deadLetterContentSchema }, closed) },
      },
      handler: async (request) => {
        const { tenant, actor } = callerOf(request)
        const { reason } = request.body
        const asked = { tenant, id: request.params.id, decision: { reason, actor } }
        return { deadLetter: await dismissDeadLetter(parts, asked) }
      },
    })
  }
}
