import type { Database } from '@daybook/database'
import type { Actor } from '@daybook/events'
import type { Caller, Scope } from '@daybook/runtime'
import { requireGrantable } from './grant.ts'
import type { TokenRecord } from './record.ts'
import { type GatewayTables, insertToken, type TokenSummary } from './store.ts'
import { hashOf, makeToken, textOf } from './token.ts'

export interface TokenWish {
  name: string
  scopes: readonly Scope[]
  actor: Actor
  ttlSeconds: number
}

export interface IssueParts {
  database: Database<GatewayTables>
  record: TokenRecord
}

/**
 * Makes a token of the caller's tenant; its text is in this answer and nowhere else. The journal is told first: should
 * the rest fail, it knows of a token that never opened anything, and never the other way round. Code: `forbidden`.
 */
export async function issueToken(
  { database, record }: IssueParts,
  caller: Caller,
  { name, scopes, actor, ttlSeconds }: TokenWish,
): Promise<TokenSummary & { token: string }> {
  requireGrantable(caller, scopes)
  const token = makeToken()
  const granted = {
    id: token.id,
    name,
    actor,
    scopes: [...new Set(scopes)],
    expiresAt: new Date(Date.now() + ttlSeconds * 1_000).toISOString(),
  }
  await record.created(caller, granted)
  const { kind, id } = caller.actor
  const summary = await insertToken(database, caller.tenant, {
    ...granted,
    secretHash: hashOf(token.secret),
    createdBy: `${kind}:${id}`,
  })
  return { ...summary, token: textOf(token) }
}
