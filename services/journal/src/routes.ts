import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  type AppendLimits,
  appendRequestSchema,
  appendResultSchema,
  parseAppendRequest,
} from '@daybook/events'
import { acceptRawBodies, bodyCheckedByHandler, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import type { Batcher } from './batcher.ts'
import { findBlob, keepBlob } from './store/blobs.ts'
import { findDeadLetter, listDeadLetters } from './store/dead-letters.ts'
import type { JournalTables } from './store/tables.ts'

export interface RouteParts {
  database: Database<JournalTables>
  batcher: Batcher
  limits: AppendLimits
}

/** A request of 1,000 events of ordinary size; a larger one is better split. */
const APPEND_BYTES_MAX = 4 * 1024 * 1024
/** An attachment, not a film: it goes through memory in one piece. */
const BLOB_BYTES_MAX = 16 * 1024 * 1024
const PAGE_MAX = 1_024

const SHA256_HEX = '^[0-9a-f]{64}$'
const DEFAULT_MEDIA_TYPE = 'application/octet-stream'

const blobSchema = Type.Object(
  { sha256: Type.String({ pattern: SHA256_HEX }), bytes: Type.Integer(), mediaType: Type.String() },
  { additionalProperties: false },
)

const deadLetterFields = {
  id: Type.String(),
  source: Type.String(),
  subject: Type.String(),
  code: Type.String(),
  detail: Type.String(),
  occurrences: Type.Integer(),
  firstSeenAt: Type.String(),
  lastSeenAt: Type.String(),
  bytes: Type.Integer(),
}
const deadLetterSchema = Type.Object(deadLetterFields, { additionalProperties: false })
const deadLetterContentSchema = Type.Object(
  {
    ...deadLetterFields,
    headers: Type.Record(Type.String(), Type.String()),
    body: Type.String(),
    encoding: Type.Union([Type.Literal('utf8'), Type.Literal('base64')]),
  },
  { additionalProperties: false },
)

/** The journal over HTTP. */
export function journalRoutes(parts: RouteParts): HttpPlugin[] {
  return [appendRoutes(parts), blobRoutes(parts), deadLetterRoutes(parts)]
}

function appendRoutes({ batcher, limits }: RouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/events', {
      bodyLimit: APPEND_BYTES_MAX,
      schema: {
        operationId: 'appendEvents',
        summary: 'Append events. Answers after the commit; one request is atomic, also across streams.',
        tags: ['journal'],
        body: appendRequestSchema,
        response: { 201: appendResultSchema, 200: appendResultSchema },
      },
      // The same check as at the NATS doors, which gives each fault its own code.
      validatorCompiler: bodyCheckedByHandler,
      handler: async (request, reply) => {
        const appendRequest = parseAppendRequest(request.body, limits)
        const receipts = await batcher.append({ tenant: tenantOf(request), request: appendRequest })
        return reply.code(receipts.every(({ duplicate }) => duplicate) ? 200 : 201).send({ receipts })
      },
    })
  }
}

function blobRoutes({ database }: RouteParts): HttpPlugin {
  return async (app) => {
    acceptRawBodies(app)
    app.post('/v1/blobs', {
      bodyLimit: BLOB_BYTES_MAX,
      schema: {
        operationId: 'keepBlob',
        summary: 'Keep a value that is too large for an event, once, by its content.',
        tags: ['journal'],
        response: { 201: blobSchema },
      },
      handler: async (request, reply) => {
        // Nothing is a value too: an empty log has a hash like any other.
        const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const mediaType = request.headers['content-type'] ?? DEFAULT_MEDIA_TYPE
        return reply.code(201).send(await keepBlob(database, tenantOf(request), { mediaType, content }))
      },
    })
    app.get('/v1/blobs/:sha256', {
      schema: {
        operationId: 'getBlob',
        summary: 'The content of a blob, as it was kept.',
        tags: ['journal'],
        params: Type.Object(
          { sha256: Type.String({ pattern: SHA256_HEX }) },
          { additionalProperties: false },
        ),
      },
      handler: async (request, reply) => {
        const blob = await findBlob(database, tenantOf(request), request.params.sha256)
        if (blob === undefined)
          throw new DaybookError('not-found', `There is no blob ${request.params.sha256}.`)
        // Content of unknown making is handed out for saving, never for showing in the page's own name.
        return reply
          .headers({ 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' })
          .type(blob.mediaType)
          .send(blob.content)
      },
    })
  }
}

function deadLetterRoutes({ database }: RouteParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/dead-letters', {
      schema: {
        operationId: 'listDeadLetters',
        summary: 'What could not be accepted, newest first.',
        tags: ['journal'],
        querystring: Type.Object(
          {
            before: Type.Optional(Type.String({ pattern: '^[0-9A-Z]{26}$' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100 })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object(
            { deadLetters: Type.Array(deadLetterSchema), next: Type.Union([Type.String(), Type.Null()]) },
            { additionalProperties: false },
          ),
        },
      },
      handler: async (request) => {
        const { before, limit = 100 } = request.query
        const deadLetters = await listDeadLetters(database, tenantOf(request), { before, limit })
        return { deadLetters, next: deadLetters.length < limit ? null : (deadLetters.at(-1)?.id ?? null) }
      },
    })
    app.get('/v1/dead-letters/:id', {
      schema: {
        operationId: 'getDeadLetter',
        summary: 'One dead letter with its content.',
        tags: ['journal'],
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }, { additionalProperties: false }),
        response: { 200: deadLetterContentSchema },
      },
      handler: async (request) => {
        const found = await findDeadLetter(database, tenantOf(request), request.params.id)
        if (found === undefined)
          throw new DaybookError('not-found', `There is no dead letter ${request.params.id}.`)
        return found
      },
    })
  }
}
