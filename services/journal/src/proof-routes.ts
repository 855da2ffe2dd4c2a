import type { Database } from '@daybook/database'
import { inclusionProofSchema } from '@daybook/events'
import { type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { getCheckpoint, proveConsistency, proveEvent } from './proofs.ts'
import type { JournalTables } from './store/tables.ts'
import { listKeys } from './store/tree.ts'

const closed = { additionalProperties: false }
const size = Type.Integer({ minimum: 1, description: 'Events, and so the position of the last one' })
const hash = Type.String({ description: 'SHA-256 in hex' })

/** Checkpoints, and proofs into them. Nothing here needs to be believed: the answers are checked by who asked. */
export function proofRoutes(database: Database<JournalTables>): HttpPlugin[] {
  return [checkpointRoutes(database), proofsRoutes(database)]
}

function checkpointRoutes(database: Database<JournalTables>): HttpPlugin {
  return async (app) => {
    app.get('/v1/checkpoint', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getCheckpoint',
        summary: 'The newest checkpoint over the whole journal: a signed note (C2SP tlog-checkpoint).',
        tags: ['verification'],
        produces: ['text/plain'],
      },
      handler: async (request, reply) => {
        const { note } = await database.asTenant(tenantOf(request), getCheckpoint)
        return reply.type('text/plain; charset=utf-8').serializer(String).send(note)
      },
    })
    app.get('/v1/checkpoint/keys', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCheckpointKeys',
        summary:
          'The verifier keys of the checkpoints, newest first. Keep the key elsewhere: who alters a journal may alter this.',
        tags: ['verification'],
        response: {
          200: Type.Object({
            keys: Type.Array(Type.Object({ key: Type.String(), firstSize: size, lastSize: size }, closed)),
          }),
        },
      },
      handler: async (request) => ({ keys: await database.asTenant(tenantOf(request), listKeys) }),
    })
  }
}

function proofsRoutes(database: Database<JournalTables>): HttpPlugin {
  return async (app) => {
    app.get('/v1/events/:id/proof', {
      config: { scope: 'read' },
      schema: {
        operationId: 'proveEvent',
        summary: 'Proves that an event is under the newest checkpoint (RFC 9162 §2.1.3).',
        tags: ['verification'],
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }, closed),
        response: {
          200: Type.Object({
            id: Type.String(),
            position: size,
            hash,
            proof: inclusionProofSchema,
            checkpoint: Type.String({ description: 'The signed note' }),
          }),
        },
      },
      handler: (request) => proveEvent(database, tenantOf(request), request.params.id),
    })
    app.get('/v1/consistency', {
      config: { scope: 'read' },
      schema: {
        operationId: 'proveConsistency',
        summary:
          'Proves that the journal of `to` events begins with that of `from` events (RFC 9162 §2.1.4).',
        tags: ['verification'],
        querystring: Type.Object(
          { from: size, to: Type.Optional({ ...size, description: 'Default: the newest checkpoint' }) },
          closed,
        ),
        response: { 200: Type.Object({ from: size, to: size, hashes: Type.Array(hash) }) },
      },
      handler: (request) => proveConsistency(database, tenantOf(request), request.query),
    })
  }
}
