import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import {
  type AppendLimits,
  appendRequestSchema,
  appendResultSchema,
  parseAppendRequest,
} from '@daybook/events'
import { acceptRawBodies, bodyCheckedByHandler, callerOf, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { authoredBy } from './authorship.ts'
import type { Batcher } from './batcher.ts'
import { requireUnreserved } from './reserved.ts'
import type { AddedTypes } from './schemas/added-types.ts'
import { findBlob, keepBlob } from './store/blobs.ts'
import type { JournalTables } from './store/tables.ts'

export interface RouteParts {
  database: Database<JournalTables>
  batcher: Batcher
  limits: AppendLimits
  types: AddedTypes
}

/** A request of 1,000 events of ordinary size; a larger one is better split. */
const APPEND_BYTES_MAX = 4 * 1024 * 1024
/** An attachment, not a film: it goes through memory in one piece. */
const BLOB_BYTES_MAX = 16 * 1024 * 1024

const SHA256_HEX = '^[0-9a-f]{64}$'
const DEFAULT_MEDIA_TYPE = 'application/octet-stream'

const blobSchema = Type.Object(
  { sha256: Type.String({ pattern: SHA256_HEX }), bytes: Type.Integer(), mediaType: Type.String() },
  { additionalProperties: false },
)

/** The journal over HTTP. */
export function journalRoutes(parts: RouteParts): HttpPlugin[] {
  return [appendRoutes(parts), blobRoutes(parts)]
}

function appendRoutes({ batcher, limits, types }: RouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/events', {
      config: { scope: 'append' },
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
        const caller = callerOf(request)
        const { tenant } = caller
        const asked = await types.check(tenant, (userTypes) =>
          parseAppendRequest(request.body, { limits, userTypes }),
        )
        requireUnreserved(asked, caller.service)
        const appendRequest = authoredBy(caller, asked)
        const receipts = await batcher.append({ tenant, request: appendRequest })
        return reply.code(receipts.every(({ duplicate }) => duplicate) ? 200 : 201).send({ receipts })
      },
    })
  }
}

function blobRoutes({ database }: RouteParts): HttpPlugin {
  return async (app) => {
    acceptRawBodies(app)
    app.post('/v1/blobs', {
      config: { scope: 'append' },
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
      config: { scope: 'read' },
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
