import type { Actor } from '@daybook/events'
import { hasTexts, one, type Page, toPage } from './answers.ts'
import type { Http } from './http.ts'
import { everyPage } from './pages.ts'

/** What the holder of a token may do: `admin` everything, the others nothing but what they are called. */
export type TokenScope = 'read' | 'append' | 'approve' | 'admin'

/** A token as it is listed: never with its secret. */
export interface Token {
  /** Public; it names the token where it is spoken of. */
  readonly id: string
  readonly name: string
  /** In whose name it acts. */
  readonly actor: Actor
  readonly scopes: readonly TokenScope[]
  readonly createdAt: string
  /** `user:ann` */
  readonly createdBy: string
  readonly expiresAt: string
  readonly revokedAt: string | null
  /** To the minute; null if never. */
  readonly usedAt: string | null
}

/** A token as it was made, with its text, which nobody can find out again. */
export interface NewToken extends Token {
  readonly token: string
}

export interface TokenInput {
  /** What it is for, 1 to 100 characters. */
  readonly name: string
  readonly scopes: readonly TokenScope[]
  /** The user of its name by default. */
  readonly actor?: Actor
  /** From 60 to 31,622,400 (366 days); 90 days by default. */
  readonly ttlSeconds?: number
}

/** Who may call. All of it needs the scope `admin`. */
export interface Tokens {
  create(input: TokenInput): Promise<NewToken>
  /** The newest first. */
  list(): AsyncIterable<Token>
  listPage(page?: { readonly limit?: number; readonly cursor?: string }): Promise<Page<Token>>
  /** For good; within five seconds it opens nothing any more. Once more changes nothing. Code: `not-found`. */
  revoke(id: string): Promise<Token>
}

const path = '/v1/tokens'

export function openTokens(http: Http): Tokens {
  const listPage: Tokens['listPage'] = async (page = {}) =>
    toPage(await http.readJson({ path, query: { ...page } }), 'tokens', isToken)
  return {
    create: async (input) => {
      const headers = { 'content-type': 'application/json' }
      return one(
        await http.readJson({ method: 'POST', path, headers, body: JSON.stringify(input) }),
        isNewToken,
      )
    },
    list: () => everyPage((cursor: string | undefined) => listPage(cursor === undefined ? {} : { cursor })),
    listPage,
    revoke: async (id) =>
      one(await http.readJson({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }), isToken),
  }
}

function isToken(value: unknown): value is Token {
  return hasTexts(value, 'id', 'name', 'createdAt', 'expiresAt') && 'scopes' in value
}

function isNewToken(value: unknown): value is NewToken {
  return isToken(value) && hasTexts(value, 'token')
}
