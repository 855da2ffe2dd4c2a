import { createHmac, timingSafeEqual } from 'node:crypto'
import { DaybookError } from '@daybook/errors'
import { actorSchema, isTenant } from '@daybook/events'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Caller, scopes } from './caller.ts'

/**
 * How a service learns whose request the gateway passes on. Only holders of the shared key can say it, so that whoever
 * reaches a service directly is nobody. `base64url(JSON) "." base64url(HMAC-SHA256 of the first part)`.
 */
export const CALLER_HEADER = 'daybook-caller'

/** A request is passed on at once. The rest is for the clocks of two machines. */
const VALID_FOR_MS = 60_000
/** As long as the hash: a shorter key would be easier to guess than a forgery (RFC 2104, 3). */
const KEY_BYTES_MIN = 32

const checkAssertion = Compile(
  Type.Object({
    tenant: Type.String(),
    actor: actorSchema,
    scopes: Type.Array(Type.Enum([...scopes])),
    service: Type.Optional(Type.String()),
    expiresAt: Type.Integer(),
  }),
)

/** The value of `daybook-caller` that vouches for the caller for the next minute. */
export function assertCaller(key: string, caller: Caller): string {
  const claims = { ...caller, expiresAt: Date.now() + VALID_FOR_MS }
  const text = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${text}.${signatureOf(key, text).toString('base64url')}`
}

/** Finds out who asks by the headers alone, of a request over HTTP or of a message. Throws `unauthenticated`. */
export type HeadersCheck = (asked: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}) => Caller | Promise<Caller>

/** Takes callers at the word of whoever holds the key. Throws `invalid-usage` for a key that is too short. */
export function assertedCallers(key: string): HeadersCheck {
  if (Buffer.byteLength(key) < KEY_BYTES_MIN)
    throw new DaybookError('invalid-usage', `The caller key needs at least ${KEY_BYTES_MIN} bytes.`)
  return ({ headers }) => {
    const caller = readAssertion(key, headers[CALLER_HEADER])
    if (caller !== undefined) return caller
    throw new DaybookError(
      'unauthenticated',
      'This service answers the gateway only, or whoever holds CALLER_KEY. Ask the gateway.',
    )
  }
}

function readAssertion(key: string, header: string | string[] | undefined): Caller | undefined {
  const [text = '', signature = '', ...rest] = typeof header === 'string' ? header.split('.') : []
  const given = Buffer.from(signature, 'base64url')
  const expected = signatureOf(key, text)
  if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
    return undefined
  const claims: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  if (!checkAssertion.Check(claims) || !isTenant(claims.tenant) || claims.expiresAt < Date.now())
    return undefined
  const { expiresAt: _expiresAt, ...caller } = claims
  return caller
}

function signatureOf(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
