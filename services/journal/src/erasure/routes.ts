import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader } from '@daybook/eventing'
import { draftSchema, erasureOf, type JournalEvent, parseStream } from '@daybook/events'
import { callerOf, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { type ErasureStep, readErasureProgress } from '../store/erasures.ts'
import type { JournalTables } from '../store/tables.ts'
import type { createErase } from './erase.ts'
import type { Eraser } from './eraser.ts'

export interface ErasureRouteParts {
  database: Database<JournalTables>
  erase: ReturnType<typeof createErase>
  eraser: Eraser
}

const closed = { additionalProperties: false }
const reason = Type.String({ minLength: 1, maxLength: 2_000 })

/** Each may be of another run, in which it is told: with the record they still fit into one request. */
const IDS_MAX = 500
const PAGE_MAX = 1_000
/** It goes on behind the answer, which says how far it is; a gateway waits for 15 s. */
const CARRY_OUT_MS = 5_000

const stepState = Type.Enum(['pending', 'done'])
const progressSchema = Type.Object(
  { payloads: stepState, bundles: stepState, blobs: stepState, stream: stepState },
  { description: 'Where it has been carried out: in the tables, the archive, the blobs, JetStream' },
)

const requestSchema = Type.Object(
  {
    stream: Type.Optional({ ...draftSchema.properties.stream, description: 'All of a stream, up to now …' }),
    ids: Type.Optional(
      Type.Array(draftSchema.properties.id, {
        minItems: 1,
        maxItems: IDS_MAX,
        description: '… or single events',
      }),
    ),
    reason,
  },
  closed,
)

const answerSchema = Type.Object({
  erasureId: Type.Union([Type.String(), Type.Null()], { description: 'Null when nothing was left to erase' }),
  position: Type.Union([Type.Integer(), Type.Null()]),
  events: Type.Integer({ description: 'Events whose payload goes by this erasure' }),
  erasedBefore: Type.Integer({ description: 'Events of the target whose payload was gone already' }),
  progress: progressSchema,
})

const recordSchema = Type.Object({
  erasureId: Type.String(),
  position: Type.Integer(),
  recordedAt: Type.String(),
  reason: Type.String(),
  actor: Type.Object({ kind: Type.String(), id: Type.String() }),
  stream: Type.Optional(Type.String()),
  events: Type.Integer(),
  progress: progressSchema,
})

type Progress = Record<ErasureStep, number>

function stateOf(progress: Progress, position: number): Record<ErasureStep, 'pending' | 'done'> {
  const of = (step: ErasureStep) => (progress[step] >= position ? 'done' : 'pending')
  return { payloads: of('payloads'), bundles: of('bundles'), blobs: of('blobs'), stream: of('stream') }
}

/** Erasures over HTTP. */
export function erasureRoutes(parts: ErasureRouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/erasures', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'erasePayloads',
        summary: 'Erase the payloads of a stream, or of single events. Headers and checksums stay.',
        tags: ['retention'],
        body: requestSchema,
        response: { 201: answerSchema, 200: answerSchema },
      },
      handler: async (request, reply) => {
        const { reason: why, stream, ids } = request.body
        const { tenant, actor } = callerOf(request)
        const target = targetOf({ stream, ids })
        const recorded = await parts.erase(tenant, target, { reason: why, actor })
        await Promise.race([parts.eraser.carryOut(), delay(CARRY_OUT_MS)])
        const progress = await readErasureProgress(parts.database.kysely)
        // What had gone before may still be on its way out elsewhere.
        const position = recorded.position ?? (await findLastRecord(parts.database, tenant))
        const answer = { ...recorded, progress: stateOf(progress, position) }
        return reply.code(recorded.erasureId === null ? 200 : 201).send(answer)
      },
    })
    app.get('/v1/erasures', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listErasures',
        summary: 'What was erased, why, by whom, and where it has been carried out; newest first.',
        tags: ['retention'],
        querystring: Type.Object(
          {
            before: Type.Optional(Type.Integer({ minimum: 1, description: 'Records before this position' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100 })),
          },
          closed,
        ),
        response: {
          200: Type.Object({
            erasures: Type.Array(recordSchema),
            next: Type.Union([Type.Integer(), Type.Null()]),
          }),
        },
      },
      handler: (request) => listErasures(parts.database, tenantOf(request), request.query),
    })
  }
}

function targetOf({ stream, ids }: { stream: string | undefined; ids: string[] | undefined }) {
  if (stream !== undefined && ids === undefined) {
    parseStream(stream)
    return { stream }
  }
  if (ids !== undefined && stream === undefined) return { ids: [...new Set(ids)] }
  throw new DaybookError('invalid-request', 'Name either a stream or ids.')
}

async function findLastRecord(database: Database<JournalTables>, tenant: string): Promise<number> {
  const query = { tenant, kinds: ['erasure'], reverse: true, limit: 1 }
  const [record] = await database.asTenant(tenant, (trx) => journalReader(trx).page(query))
  return record?.position ?? 0
}

function listErasures(
  database: Database<JournalTables>,
  tenant: string,
  { before, limit = 100 }: { before?: number; limit?: number },
) {
  return database.asTenant(tenant, async (trx) => {
    const progress = await readErasureProgress(trx)
    const page = await journalReader(trx).readPage({
      tenant,
      kinds: ['erasure'],
      reverse: true,
      limit,
      ...(before !== undefined && { after: before }),
    })
    return {
      erasures: page.events.flatMap((event) => rowOf(event, progress)),
      next: page.more ? (page.events.at(-1)?.position ?? null) : null,
    }
  })
}

function rowOf(event: JournalEvent, progress: Progress) {
  const erasure = erasureOf(event)
  if (erasure === undefined) return []
  const { erasureId, reason: why, stream, events } = erasure
  const { position, recordedAt, actor } = event
  const state = stateOf(progress, position)
  const named = stream === undefined ? {} : { stream }
  return [
    { erasureId, position, recordedAt, reason: why, actor, ...named, events: events.length, progress: state },
  ]
}
