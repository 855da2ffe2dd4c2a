import type { Database } from '@daybook/database'
import { DaybookError, type JsonObject } from '@daybook/errors'
import {
  canonicalJson,
  draftSchema,
  readDataSchema,
  requireUserNames,
  SCHEMA_BYTES_MAX,
  USER_TYPE_PATTERN,
} from '@daybook/events'
import { callerOf, type HttpPlugin, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { addSchema, findSchema, listSchemas } from '../store/schemas.ts'
import type { JournalTables } from '../store/tables.ts'
import { asyncApiOf } from './asyncapi.ts'
import { type DescribedType, describeAdded, ownDescribedTypes } from './described-type.ts'

export interface SchemaRouteParts {
  database: Database<JournalTables>
  /** Called when a type was added, so that it can be used at once, here and elsewhere. */
  onAdded: () => Promise<void>
  /** Of the API. */
  version: string
}

const closed = { additionalProperties: false }
/** The schema, written with blanks and line ends, and what goes with it. */
const BODY_BYTES_MAX = 4 * SCHEMA_BYTES_MAX
/** A kind as the first half of a stream's name has it. */
const KIND_PATTERN = '^[a-z][a-z0-9-]{0,31}$'
const SCHEMA_MEDIA_TYPE = 'application/schema+json'

const schemaSchema = Type.Unsafe<JsonObject>({
  type: 'object',
  additionalProperties: true,
  description: 'JSON Schema, draft 2020-12, of the data',
})
const { type, v } = draftSchema.properties

const additionSchema = Type.Object(
  {
    kind: Type.String({ pattern: KIND_PATTERN, description: 'The kind of the streams it belongs in' }),
    type: Type.String({ pattern: USER_TYPE_PATTERN, description: 'A name with a lower-case letter in it' }),
    v: { ...v, description: '1, and then one more each time' },
    schema: schemaSchema,
    description: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  closed,
)

const summaryFields = {
  kind: Type.String(),
  type: Type.String(),
  v: Type.Integer(),
  origin: Type.Enum(['daybook', 'user']),
  description: Type.Optional(Type.String()),
  actor: draftSchema.properties.actor,
  addedAt: Type.Optional(Type.String()),
}
const describedSchema = Type.Object({ ...summaryFields, schema: schemaSchema }, closed)
const listSchema = Type.Object({ schemas: Type.Array(Type.Object(summaryFields, closed)) }, closed)
const nameParameters = Type.Object({ type, v }, closed)

/** Event types over HTTP: Daybook's own and those of the tenant's users. */
export function schemaRoutes(parts: SchemaRouteParts): HttpPlugin[] {
  return [addRoute(parts), readRoutes(parts), publishRoutes(parts)]
}

function addRoute({ database, onAdded }: SchemaRouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/schemas', {
      config: { scope: 'admin' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        operationId: 'addSchema',
        summary: 'Add a version of an event type of your own. It can be used at once and never changes.',
        tags: ['schemas'],
        body: additionSchema,
        response: { 201: describedSchema, 200: describedSchema },
      },
      handler: async (request, reply) => {
        const { schema, description = '', ...named } = request.body
        const { tenant, actor } = callerOf(request)
        requireUserNames(named)
        readDataSchema(schema)
        const addition = { ...named, schema: canonicalJson(schema), description, actor }
        const { verdict, added } = await addSchema(database, tenant, addition)
        if (verdict === 'new') await onAdded()
        return reply.code(verdict === 'new' ? 201 : 200).send(describeAdded(added))
      },
    })
  }
}

function readRoutes({ database }: SchemaRouteParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/schemas', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listSchemas',
        summary: 'All event types in all versions: those of Daybook and those that were added.',
        tags: ['schemas'],
        querystring: Type.Object(
          { kind: Type.Optional(Type.String()), origin: Type.Optional(summaryFields.origin) },
          closed,
        ),
        response: { 200: listSchema },
      },
      handler: async (request) => {
        const { kind, origin } = request.query
        const types = await describeAll(database, tenantOf(request))
        const wanted = types.filter(
          (one) =>
            (kind === undefined || one.kind === kind) && (origin === undefined || one.origin === origin),
        )
        return { schemas: wanted.map(({ schema: _schema, ...summary }) => summary) }
      },
    })
    app.get('/v1/schemas/:type/:v', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSchema',
        summary: 'One version of an event type, with the schema of its data.',
        tags: ['schemas'],
        params: nameParameters,
        response: { 200: describedSchema },
      },
      handler: async (request) => findDescribed(database, tenantOf(request), request.params),
    })
  }
}

/** For tools that are given an address. */
function publishRoutes({ database, version }: SchemaRouteParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/schemas/:type/:v/schema', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getDataSchema',
        summary: 'The JSON Schema (draft 2020-12) of the data of an event type, as a document of its own.',
        tags: ['schemas'],
        params: nameParameters,
      },
      handler: async (request, reply) => {
        const { schema } = await findDescribed(database, tenantOf(request), request.params)
        return reply.type(SCHEMA_MEDIA_TYPE).send(JSON.stringify(schema))
      },
    })
    app.get('/v1/asyncapi.json', {
      config: { scope: 'read' },
      schema: {
        operationId: 'getAsyncApiDocument',
        summary: 'The subjects and messages on NATS, as AsyncAPI 3.0, with all event types.',
        tags: ['api'],
      },
      handler: async (request) => asyncApiOf(await describeAll(database, tenantOf(request)), version),
    })
  }
}

async function describeAll(database: Database<JournalTables>, tenant: string): Promise<DescribedType[]> {
  return [...ownDescribedTypes(), ...(await listSchemas(database, tenant)).map(describeAdded)]
}

/** Code: not-found. */
async function findDescribed(
  database: Database<JournalTables>,
  tenant: string,
  name: { type: string; v: number },
): Promise<DescribedType> {
  const own = ownDescribedTypes().find(({ type, v }) => type === name.type && v === name.v)
  if (own !== undefined) return own
  const added = await findSchema(database, tenant, name)
  if (added === undefined)
    throw new DaybookError('not-found', `There is no version ${name.v} of an event type ${name.type}.`)
  return describeAdded(added)
}
