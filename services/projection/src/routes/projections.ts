import { DaybookError } from '@daybook/errors'
import {
  etaSeconds,
  type Generation,
  type JournalReader,
  type Projection,
  type Rebuilds,
} from '@daybook/eventing'
import { actorSchema } from '@daybook/events'
import { callerOf, type HttpPlugin, isOperator, requireOperator, tenantOf } from '@daybook/runtime'
import { type Static, Type } from 'typebox'
import { decodeIdCursor, encodeIdCursor } from '../cursor.ts'
import type { Difference } from '../difference.ts'
import { closed, cursor, next, POSITION_HEADER, text } from './parameters.ts'

/** A projection of this service, with what the routes need of it. */
export interface ServedProjection<DB> {
  name: string
  version: number
  kinds: readonly string[]
  projection: Projection<DB>
  rebuilds: Rebuilds
  journal: JournalReader
  /** Compares rows of a tenant, from behind the stream `after` on, for about so long. */
  verify(query: { tenant: string; after: string; workMs: number }): Promise<PartVerified>
}

/** What a part of a verification found. */
interface PartVerified {
  /** How many of what were compared. */
  runs?: number
  effects?: number
  sessions?: number
  links?: number
  events: number
  /** The id of the last stream that was compared; undefined when there are no more. */
  next: string | undefined
  difference: (Difference & { runId?: string; effectId?: string; sessionId?: string }) | undefined
}

/** An answer comes well before any proxy loses patience; the caller goes on with `next`. */
const VERIFY_WORK_MS = 3_000
/** For an erasure, say, that the journal has and the read model has not yet. */
const SETTLE_MS = 2_000

const { Integer, Null, Number: Decimal, Object: Struct, Optional, String: Text, Union } = Type
const instantOrNull = Union([Text(), Null()])
const count = Integer({ minimum: 0 })

const generationSchema = Struct({
  generation: Integer({ minimum: 1 }),
  version: Integer({ minimum: 1, description: 'Of the code that fills it' }),
  state: Type.Enum(['building', 'running', 'replaced', 'cancelled']),
  reason: Text(),
  actor: actorSchema,
  requestedAt: Text(),
  switchedAt: instantOrNull,
  endedAt: instantOrNull,
  droppedAt: instantOrNull,
})

const rebuildSchema = Struct({
  generation: Integer({ minimum: 1 }),
  version: Integer({ minimum: 1 }),
  reason: Text(),
  requestedAt: Text(),
  phase: Union([Type.Enum(['loading', 'indexing', 'switching']), Null()], {
    description: 'null: not begun yet, or waiting for an instance that builds this version',
  }),
  position: count,
  head: count,
  eventsPerSecond: Union([Decimal(), Null()], {
    description: 'Events of the journal that it passes, over the last ten seconds',
  }),
  etaSeconds: Union([count, Null()]),
  failure: Union([Text(), Null()], { description: 'Why it does not get on; it is tried again' }),
})

const projectionSchema = Struct({
  name: Text(),
  version: Integer({ minimum: 1, description: 'Of the code that answers' }),
  kinds: Type.Array(Text()),
  position: count,
  head: count,
  lag: count,
  parkedStreams: count,
  failure: Union([Text(), Null()]),
  rebuild: Union([rebuildSchema, Null()], {
    description: 'What is being built beside the running generation',
  }),
  generations: Type.Array(generationSchema, { description: 'Newest first' }),
})

const differenceSchema = Struct({
  runId: Optional(Text()),
  effectId: Optional(Text()),
  sessionId: Optional(Text()),
  path: Text({ description: 'JSON Pointer into the row; empty: the row itself' }),
  expected: Type.Unknown({ description: 'What a fresh fold of the journal has there; null: nothing' }),
  stored: Type.Unknown({ description: 'What the read model has there; null: nothing' }),
})

const verificationSchema = Struct({
  runs: Optional(count),
  effects: Optional(count),
  sessions: Optional(count),
  links: Optional(count),
  events: count,
  ok: Type.Boolean(),
  difference: Union([differenceSchema, Null()], {
    description: 'The first one; nothing behind it was compared',
  }),
  next,
})

const nameParams = Struct({ name: text }, closed)

/** The state of the projections, and what can be done about them. */
export function projectionRoutes<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin[] {
  return [listRoute(served), rebuildRoutes(served), verifyRoute(served)]
}

/** `GET /v1/projections`. */
function listRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  return async (app) => {
    app.get('/v1/projections', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listProjections',
        summary: 'The read models: how far each is, and the rebuild under way, if any.',
        tags: ['projections'],
        response: { 200: Struct({ projections: Type.Array(projectionSchema) }) },
      },
      handler: async (request) => {
        const projections = await Promise.all(served.map(describe))
        return { projections: isOperator(callerOf(request)) ? projections : projections.map(withoutWords) }
      },
    })
  }
}

/** `POST` and `DELETE /v1/projections/{name}/rebuild`. Code: `not-found`. */
function rebuildRoutes<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  const rebuildBody = Struct(
    { reason: Text({ minLength: 1, maxLength: 1_000, pattern: '^[^\\u0000]*$' }) },
    closed,
  )
  return async (app) => {
    app.post('/v1/projections/:name/rebuild', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'rebuildProjection',
        summary: 'Builds a read model anew beside the running one and switches it in; answers at once.',
        description: 'While a rebuild is under way, that one is answered and nothing else happens.',
        tags: ['projections'],
        params: nameParams,
        body: rebuildBody,
        response: { 202: projectionSchema },
      },
      handler: async (request, reply) => {
        const caller = callerOf(request)
        requireOperator(caller)
        const found = find(served, request.params.name)
        await found.rebuilds.request(request.body.reason, caller.actor)
        return reply.code(202).send(await describe(found))
      },
    })
    app.delete('/v1/projections/:name/rebuild', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'cancelRebuild',
        summary: 'Gives up the rebuild under way; the running read model goes on as before.',
        tags: ['projections'],
        params: nameParams,
        response: { 200: projectionSchema },
      },
      handler: async (request) => {
        requireOperator(callerOf(request))
        const found = find(served, request.params.name)
        if (await found.rebuilds.cancel()) return describe(found)
        throw new DaybookError('not-found', `No rebuild of ${found.name} is under way.`)
      },
    })
  }
}

/** `POST /v1/projections/{name}/verify`. Codes: `not-found`, `invalid-cursor`. */
function verifyRoute<DB>(served: readonly ServedProjection<DB>[]): HttpPlugin {
  return async (app) => {
    app.post('/v1/projections/:name/verify', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'verifyProjection',
        summary: 'Compares the rows of the tenant with a fresh fold of the journal, for 3 seconds at a time.',
        description: 'Call again with `cursor` = `next` until `next` is null or there is a difference.',
        tags: ['projections'],
        params: nameParams,
        querystring: Struct({ cursor }, closed),
        response: { 200: verificationSchema },
      },
      handler: async (request, reply) => {
        const found = find(served, request.params.name)
        const { cursor: given } = request.query
        const after = given === undefined ? '' : decodeIdCursor(kindOf(found), given)
        reply.header(POSITION_HEADER, found.projection.position)
        return verify(found, tenantOf(request), after)
      },
    })
  }
}

/** Of the streams that a walk through the read model goes along. */
function kindOf<DB>({ kinds, name }: ServedProjection<DB>): string {
  return kinds[0] ?? name
}

async function verify<DB>(
  served: ServedProjection<DB>,
  tenant: string,
  after: string,
): Promise<Static<typeof verificationSchema>> {
  const { projection, journal } = served
  const query = { tenant, after, workMs: VERIFY_WORK_MS }
  let result = await served.verify(query)
  if (result.difference !== undefined) {
    // Only what is still there when the read model has seen all that the journal had is a difference.
    await projection.waitFor((await journal.head()).position, SETTLE_MS)
    result = await served.verify(query)
  }
  const { next: last, difference = null, ...counts } = result
  const isEnd = last === undefined || difference !== null
  return {
    ...counts,
    ok: difference === null,
    difference,
    next: isEnd ? null : encodeIdCursor(kindOf(served), last),
  }
}

function find<DB>(served: readonly ServedProjection<DB>[], name: string): ServedProjection<DB> {
  const found = served.find((projection) => projection.name === name)
  if (found !== undefined) return found
  throw new DaybookError('not-found', `There is no projection ${name}. GET /v1/projections lists them.`)
}

async function describe<DB>(served: ServedProjection<DB>): Promise<Static<typeof projectionSchema>> {
  const { name, version, kinds, projection, rebuilds, journal } = served
  const [{ position: head }, progress, generations] = await Promise.all([
    journal.head(),
    rebuilds.progress(),
    rebuilds.list(),
  ])
  const { position, parkedStreams, failure } = projection
  return {
    name,
    version,
    kinds: [...kinds],
    position,
    head,
    lag: Math.max(0, head - position),
    parkedStreams,
    failure: failure?.detail ?? null,
    rebuild: progress === undefined ? null : describeRebuild(progress, head),
    generations: generations.map(({ build: _build, tables: _tables, ...generation }) => generation),
  }
}

/** For those who do not run Daybook: how far it is, without what people wrote and what went wrong for others. */
function withoutWords<Described extends object>(projection: Described): Described {
  return { ...projection, failure: null, rebuild: null, generations: [] }
}

function describeRebuild(
  { generation: building, position }: { generation: Generation; position: number },
  head: number,
): Static<typeof rebuildSchema> {
  const { generation, version, reason, requestedAt, build } = building
  const eta = etaSeconds(position, head, build.eventsPerSecond)
  return { generation, version, reason, requestedAt, ...build, position, head, etaSeconds: eta }
}
