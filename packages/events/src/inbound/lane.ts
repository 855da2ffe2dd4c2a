import { createHash, hash } from 'node:crypto'
import { DaybookError, type JsonValue } from '@daybook/errors'
import { canonicalJson } from '../json/canonical.ts'

/** What a platform calls a message; the four together are one message, however often it is delivered. */
export interface MessageIdentity {
  /** The platform: telegram, slack, github. */
  readonly source: string
  /** The bot or the installed app that it was sent to. */
  readonly account: string
  /** The chat; where there is none, the user. */
  readonly conversation: string
  /** The platform's own, the same at each delivery. */
  readonly messageId: string
}

/** One word of a subject and of a URL. */
export const SOURCE_PATTERN = '^[a-z][a-z0-9-]{0,31}$'
export const ACCOUNT_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'
/** What platforms choose: any text without control characters. */
export const FOREIGN_ID_PATTERN = '^[^\\u0000-\\u001f\\u007f]{1,500}$'

/** A stream's id has 200 characters; source and account take 97 of them with their colons. */
const CONVERSATION_CHARACTERS_MAX = 100
/** A surrogate pair is one sign. */
const NOT_PLAIN = /[^A-Za-z0-9_:@=+/.-]/gu
/** The letters of RFC 4648, 6, which no file system and no eye confuses with others in lower case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * The stream of a conversation: `inbound/telegram:support:-1001234`. Two conversations never share one: what a stream's name
 * cannot hold is written as `~` and the hexadecimal UTF-8 bytes, and what would be too long as `~~` and its SHA-256.
 */
export function laneOf({ source, account, conversation }: Omit<MessageIdentity, 'messageId'>): string {
  const written = conversation.replaceAll(NOT_PLAIN, escaped)
  const last =
    written.length <= CONVERSATION_CHARACTERS_MAX ? written : `~~${hash('sha256', conversation, 'hex')}`
  return `inbound/${source}:${account}:${last}`
}

function escaped(sign: string): string {
  return [...Buffer.from(sign)].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join('')
}

/** Source and account of a lane; undefined for a stream of another kind. */
export function placeOfLane(stream: string): Pick<MessageIdentity, 'source' | 'account'> | undefined {
  const [, source, account] = /^inbound\/([^:]+):([^:]+):/.exec(stream) ?? []
  return source === undefined || account === undefined ? undefined : { source, account }
}

/**
 * The key of a message: SHA-256 of its four names, each after its length, in base32 without padding: 52 characters that are
 * safe in a URL. Codes: `invalid-request` for a message without an id, since its repetitions could not be told.
 */
export function messageKeyOf(identity: MessageIdentity): string {
  if (identity.messageId === '') {
    const message =
      'The message has no messageId. Give the id that the platform sends with each delivery of the same message: without it a repetition cannot be recognised.'
    throw new DaybookError('invalid-request', message, { details: { path: 'messageId' } })
  }
  const digest = createHash('sha256')
  for (const name of ['source', 'account', 'conversation', 'messageId'] as const) {
    const bytes = Buffer.from(identity[name])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    digest.update(length).update(bytes)
  }
  return base32(digest.digest())
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(value >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31]
}

/** By which the body of a repetition is compared with the first: SHA-256 of its canonical JSON (RFC 8785). */
export function payloadHashOf(payload: JsonValue): string {
  return hash('sha256', canonicalJson(payload), 'hex')
}
