import type { Database } from '@daybook/database'
import type { Actor } from '@daybook/events'
import type { Scope } from '@daybook/runtime'
import { type Generated, type Selectable, sql } from 'kysely'

interface TokensTable {
  id: string
  tenant: string
  name: string
  secret_hash: Buffer
  actor_kind: Actor['kind']
  actor_id: string
  scopes: Scope[]
  created_at: Generated<Date>
  created_by: string
  expires_at: Date
  revoked_at: Generated<Date | null>
  used_at: Generated<Date | null>
}

export interface GatewayTables {
  'gateway.tokens': TokensTable
}

type GatewayDatabase = Database<GatewayTables>

/** What a token is, as its tenant may see it. Instants are ISO 8601, UTC. */
export interface TokenSummary {
  id: string
  name: string
  actor: Actor
  scopes: Scope[]
  createdAt: string
  /** `user:ann` */
  createdBy: string
  expiresAt: string
  revokedAt: string | null
  /** To the minute; null if never. */
  usedAt: string | null
}

/** What a request with a token is checked against. */
export interface KeptToken {
  id: string
  tenant: string
  actor: Actor
  scopes: Scope[]
  secretHash: Buffer
  expiresAtMs: number
  isRevoked: boolean
}

const COLUMNS = [
  'id',
  'name',
  'actor_kind',
  'actor_id',
  'scopes',
  'created_at',
  'created_by',
  'expires_at',
  'revoked_at',
  'used_at',
] as const

/** Of whatever tenant: it is the token that says whose it is. */
export async function findToken({ kysely }: GatewayDatabase, id: string): Promise<KeptToken | undefined> {
  const row = await kysely
    .selectFrom('gateway.tokens')
    .select(['id', 'tenant', 'actor_kind', 'actor_id', 'scopes', 'secret_hash', 'expires_at', 'revoked_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      tenant: row.tenant,
      actor: { kind: row.actor_kind, id: row.actor_id },
      scopes: row.scopes,
      secretHash: Buffer.from(row.secret_hash),
      expiresAtMs: row.expires_at.getTime(),
      isRevoked: row.revoked_at !== null,
    }
  )
}

export interface NewToken {
  id: string
  name: string
  actor: Actor
  scopes: Scope[]
  secretHash: Buffer
  expiresAt: string
  createdBy: string
}

export async function insertToken(
  { kysely }: GatewayDatabase,
  tenant: string,
  { id, name, actor, scopes, secretHash, expiresAt, createdBy }: NewToken,
): Promise<TokenSummary> {
  const row = await kysely
    .insertInto('gateway.tokens')
    .values({
      id,
      tenant,
      name,
      secret_hash: secretHash,
      actor_kind: actor.kind,
      actor_id: actor.id,
      scopes,
      created_by: createdBy,
      expires_at: new Date(expiresAt),
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  return toSummary(row)
}

/** The newest first; `after` is the id of the last one that was shown. One more than `limit` tells that there are more. */
export async function listTokens(
  database: GatewayDatabase,
  tenant: string,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<TokenSummary[]> {
  return database.asTenant(tenant, async (trx) => {
    const newest = trx.selectFrom('gateway.tokens').select(COLUMNS).where('tenant', '=', tenant)
    const rest =
      after === undefined
        ? newest
        : newest.where(
            sql<boolean>`(created_at, id) < (select created_at, id from gateway.tokens where tenant = ${tenant} and id = ${after})`,
          )
    const rows = await rest.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
    return rows.map(toSummary)
  })
}

/** For good. Undefined when the tenant has no such token; once more changes nothing. */
export async function revokeToken(
  { kysely }: GatewayDatabase,
  tenant: string,
  id: string,
): Promise<TokenSummary | undefined> {
  const row = await kysely
    .updateTable('gateway.tokens')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst()
  return row && toSummary(row)
}

/** Notes that a token is in use, at most once a minute however often it is. */
export async function noteUse({ kysely }: GatewayDatabase, id: string): Promise<void> {
  await kysely
    .updateTable('gateway.tokens')
    .set({ used_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where(sql<boolean>`(used_at is null or used_at < now() - interval '1 minute')`)
    .execute()
}

function toSummary(row: Pick<Selectable<TokensTable>, (typeof COLUMNS)[number]>): TokenSummary {
  return {
    id: row.id,
    name: row.name,
    actor: { kind: row.actor_kind, id: row.actor_id },
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    usedAt: row.used_at?.toISOString() ?? null,
  }
}
