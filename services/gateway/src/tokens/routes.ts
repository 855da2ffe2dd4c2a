import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { actorSchema } from '@daybook/events'
import { callerOf, type HttpPlugin, scopes, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { issueToken } from './issue.ts'
import type { TokenRecord } from './record.ts'
import { type GatewayTables, listTokens, revokeToken } from './store.ts'

export interface TokenRouteParts {
  database: Database<GatewayTables>
  record: TokenRecord
}

const DAY_S = 86_400
/** Long enough to forget a token once, and not for good. */
const TTL_DEFAULT_S = 90 * DAY_S
/** Rotation at least once a year; a token without an end is missed by nobody when it leaks. */
const TTL_MAX_S = 366 * DAY_S
/** A page of a list that is looked at by people. */
const LIMIT_DEFAULT = 100
const LIMIT_MAX = 500

const closed = { additionalProperties: false }
const scope = Type.Enum([...scopes])
const tokenId = Type.String({ pattern: '^[a-z0-9]{5,26}$' })
const instant = Type.String({ description: 'ISO 8601, UTC' })

const summarySchema = {
  id: tokenId,
  name: Type.String(),
  actor: actorSchema,
  scopes: Type.Array(scope),
  createdAt: instant,
  createdBy: Type.String({ description: 'Such as user:ann' }),
  expiresAt: instant,
  revokedAt: Type.Union([instant, Type.Null()]),
  usedAt: Type.Union([instant, Type.Null()], { description: 'To the minute; null if never' }),
}

const wishSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[^\\u0000-\\u001f\\u007f]{1,100}$',
      description: 'What it is for; people find it by this in the list',
    }),
    scopes: Type.Array(scope, { minItems: 1, maxItems: scopes.length }),
    actor: Type.Optional(actorSchema),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: TTL_MAX_S,
        description: `${TTL_DEFAULT_S} (90 days) unless said`,
      }),
    ),
  },
  closed,
)

/** Tokens of the caller's tenant. The secret is in the answer to its making, and nowhere else. */
export function tokenRoutes(parts: TokenRouteParts): HttpPlugin[] {
  return [createRoute(parts), listRoute(parts), revokeRoute(parts)]
}

function createRoute(parts: TokenRouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/tokens', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'createToken',
        summary: 'Make a token. Its text is in this answer only; what is kept cannot be turned back into it.',
        description: 'Without an actor, what is done with the token is done by the user of its name.',
        tags: ['tokens'],
        body: wishSchema,
        response: { 201: Type.Object({ ...summarySchema, token: Type.String() }) },
      },
      handler: async (request, reply) => {
        const {
          name,
          actor = { kind: 'user', id: name },
          ttlSeconds = TTL_DEFAULT_S,
          scopes: own,
        } = request.body
        const issued = await issueToken(parts, callerOf(request), { name, actor, ttlSeconds, scopes: own })
        return reply.code(201).send(issued)
      },
    })
  }
}

function listRoute({ database }: TokenRouteParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/tokens', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listTokens',
        summary: 'The tokens that were made, the newest first; never their secrets.',
        tags: ['tokens'],
        querystring: Type.Object(
          {
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX })),
            cursor: Type.Optional(tokenId),
          },
          closed,
        ),
        response: {
          200: Type.Object({
            tokens: Type.Array(Type.Object(summarySchema)),
            next: Type.Union([tokenId, Type.Null()]),
          }),
        },
      },
      handler: async (request) => {
        const { limit = LIMIT_DEFAULT, cursor: after } = request.query
        const found = await listTokens(database, tenantOf(request), { after, limit: limit + 1 })
        const tokens = found.slice(0, limit)
        return { tokens, next: found.length > limit ? (tokens.at(-1)?.id ?? null) : null }
      },
    })
  }
}

function revokeRoute({ database, record }: TokenRouteParts): HttpPlugin {
  return async (app) => {
    app.delete('/v1/tokens/:id', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'revokeToken',
        summary:
          'Revoke a token, for good. Within five seconds it opens nothing any more, live tails included.',
        tags: ['tokens'],
        params: Type.Object({ id: tokenId }, closed),
        response: { 200: Type.Object(summarySchema) },
      },
      handler: async (request) => {
        const { id } = request.params
        // First of all it must not open any more. Once more is as good: what the journal lacks is then written.
        const revoked = await revokeToken(database, tenantOf(request), id)
        if (revoked === undefined)
          throw new DaybookError(
            'not-found',
            `There is no token ${id} here. The one of the setting ADMIN_TOKEN ends with the setting.`,
          )
        await record.revoked(callerOf(request), id)
        return revoked
      },
    })
  }
}
