import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a caller sends. The id is public, and names the token where it is spoken of; the secret is known to nobody else. */
export interface Token {
  id: string
  secret: string
}

/** Of the token that a setting of the gateway names. No other one is as short. */
export const ADMIN_ID = 'admin'

/** `dbk_`, so that whoever finds one in a repository or a log knows what it is. */
const TOKEN = /^dbk_([a-z0-9]{5,26})_([A-Za-z0-9-]{32,200})$/

/** 256 bits cannot be guessed, and need no slow hash. */
const SECRET_BYTES = 32
/** As few as never meet: 4 thousand million tokens have one chance in two of a pair. */
const ID_BYTES = 8

export function makeToken(): Token {
  return { id: randomText(ID_BYTES, 13), secret: randomText(SECRET_BYTES, 50) }
}

/** Lower case and digits: a double click takes all of it, and NATS subjects and file names can hold it. */
function randomText(bytes: number, length: number): string {
  return BigInt(`0x${randomBytes(bytes).toString('hex')}`)
    .toString(36)
    .padStart(length, '0')
}

export function textOf({ id, secret }: Token): string {
  return `dbk_${id}_${secret}`
}

/** Undefined for whatever is no token. */
export function parseToken(text: string): Token | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** In a time that does not tell how much of it is right. */
export function isSecret(secret: string, expected: Buffer): boolean {
  return timingSafeEqual(hashOf(secret), expected)
}
