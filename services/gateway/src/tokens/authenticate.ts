import type { Database } from '@daybook/database'
import type { Caller, Logger } from '@daybook/runtime'
import { findToken, type GatewayTables, type KeptToken, noteUse } from './store.ts'
import { ADMIN_ID, hashOf, isSecret, parseToken } from './token.ts'

/** A token that opens something, and whom it makes of its holder. */
export interface KnownToken {
  readonly tokenId: string
  readonly caller: Caller
  /** By the clock of `Date`; infinity for the token of the setting. */
  readonly expiresAtMs: number
}

export interface Tokens {
  /** Who holds this token; undefined when it is unknown, wrong, expired or revoked. `unavailable` without the database. */
  authenticate(token: string): Promise<KnownToken | undefined>
  /** What is known of a token whose holder somebody else has made sure of; undefined as above. */
  find(tokenId: string): Promise<KnownToken | undefined>
}

export interface TokensParts {
  database: Database<GatewayTables>
  /** The token by which the first others are made, see `parseToken`. Its holder is the admin of the tenant `main`. */
  adminToken: string
  logger: Logger
}

/**
 * How long an instance goes on with what it has read, and therefore how long a revoked token still opens. A busy caller
 * costs the database a look-up in so long; nobody revokes a token and counts on less.
 */
const REMEMBERED_MS = 3_000
/** A few MB. More callers than this at once cost more look-ups, and nothing else. */
const REMEMBERED_MAX = 10_000

interface Remembered {
  token: Promise<KeptToken | undefined>
  untilMs: number
}

/** Who holds which token, by the gateway's table and by its setting. */
export function openTokens({ database, adminToken, logger }: TokensParts): Tokens {
  const remembered = new Map<string, Remembered>()
  const admin = adminOf(adminToken)
  const read = async (id: string): Promise<KeptToken | undefined> => {
    const token = await findToken(database, id)
    // A note for people: nobody waits for it, and nothing fails with it.
    if (token !== undefined)
      noteUse(database, id).catch((err: unknown) =>
        logger.warn({ err, id }, 'the use of a token was not noted'),
      )
    return token
  }
  const look = (id: string): Promise<KeptToken | undefined> => {
    if (id === ADMIN_ID) return Promise.resolve(admin)
    const known = remembered.get(id)
    if (known !== undefined && known.untilMs > performance.now()) return known.token
    const token = read(id)
    // What could not be read is asked for again by the next caller.
    token.catch(() => remembered.delete(id))
    remembered.delete(id)
    remembered.set(id, { token, untilMs: performance.now() + REMEMBERED_MS })
    if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value ?? '')
    return token
  }
  return {
    async authenticate(text) {
      const parsed = parseToken(text)
      const kept = parsed && (await look(parsed.id))
      if (parsed === undefined || kept === undefined || !isSecret(parsed.secret, kept.secretHash))
        return undefined
      return knownOf(kept)
    },
    find: async (tokenId) => {
      const kept = await look(tokenId)
      return kept && knownOf(kept)
    },
  }
}

function knownOf({ id, tenant, actor, scopes, expiresAtMs, isRevoked }: KeptToken): KnownToken | undefined {
  if (isRevoked || expiresAtMs <= Date.now()) return undefined
  return { tokenId: id, caller: { tenant, actor, scopes }, expiresAtMs }
}

function adminOf(text: string): KeptToken | undefined {
  const token = parseToken(text)
  return (
    token && {
      id: ADMIN_ID,
      tenant: 'main',
      actor: { kind: 'user', id: ADMIN_ID },
      scopes: ['admin'],
      secretHash: hashOf(token.secret),
      expiresAtMs: Number.POSITIVE_INFINITY,
      isRevoked: false,
    }
  )
}
