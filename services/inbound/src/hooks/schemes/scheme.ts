import { createHmac } from 'node:crypto'
import type { HeaderValues } from '../headers.ts'

/** As much of a request as its sender signs. */
export interface SignedRequest {
  readonly headers: HeaderValues
  /** As it came: a body that was read and written again has another signature. */
  readonly body: Uint8Array
}

/**
 * Whether a request is signed. `missing`: without a signature, or without what belongs to it; `malformed`: with something
 * that is none; `outdated`: at another time, so that somebody may have kept it; `wrong`: with other content or another
 * secret. Senders are told none of it; operators are.
 */
export type Verdict = 'valid' | 'missing' | 'malformed' | 'outdated' | 'wrong'

/**
 * How a platform signs. `verify` is pure. `nowMs` is the clock of this service, since platforms sign the time by the
 * clocks of the world; leases and retries go by the database's.
 */
export interface Scheme {
  /** What a secret is, for people. */
  readonly secret: string
  /** The key that the text of a secret stands for; undefined when it is none. */
  readonly keyOf: (text: string) => Uint8Array | undefined
  /** `keys`: all that are live, so that a secret can be replaced while the platform still signs with the old one. */
  readonly verify: (request: SignedRequest, keys: readonly Uint8Array[], nowMs: number) => Verdict
}

/** Further from now than this, a signed time counts as replayed: what Slack, Stripe and Standard Webhooks recommend. */
const TOLERANCE_MS = 5 * 60 * 1_000
/** Seconds since 1970, as all of them write it. Eleven digits last until the year 5138. */
const SECONDS = /^\d{1,11}$/
const SHA256_HEX = /^[0-9a-f]{64}$/i
const SHA256_BASE64 = /^[A-Za-z0-9+/]{43}=$/

/** What is wrong with a signed time, in seconds since 1970; undefined when it is near enough to now. */
export function faultOfTime(seconds: string, nowMs: number): 'malformed' | 'outdated' | undefined {
  if (!SECONDS.test(seconds)) return 'malformed'
  return Math.abs(nowMs - Number(seconds) * 1_000) > TOLERANCE_MS ? 'outdated' : undefined
}

/** HMAC-SHA256 (RFC 2104) of the parts, one after the other, with each of the keys. */
export function hmacs(keys: readonly Uint8Array[], ...parts: readonly (string | Uint8Array)[]): Buffer[] {
  return keys.map((key) => {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  })
}

/** The 32 bytes that a text stands for; undefined when it does not. */
export function sha256Of(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const isOne = (encoding === 'hex' ? SHA256_HEX : SHA256_BASE64).test(text)
  return isOne ? Buffer.from(text, encoding) : undefined
}

/** A secret that is a key as it stands. */
export function textKey(text: string): Uint8Array | undefined {
  return text === '' ? undefined : Buffer.from(text)
}
