import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { DaybookError } from '@daybook/errors'

/** The signature type of Ed25519 in signed notes. */
const ED25519 = 0x01
const KEY_BYTES = 32
/** In front of the 32 bytes of a key these make the DER form that `node:crypto` takes (RFC 8410 §4 and §7). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SIGNER_PREFIX = 'PRIVATE+KEY+'
/** Text without blanks and plus signs; C2SP asks for no more. */
const NAME = /^[^\s+\p{Cc}]{1,255}$/u

/** By which a signature is checked. Safe to show to anybody. */
export interface VerifierKey {
  readonly name: string
  /** Four bytes in hex, by which a signature says whose it is. */
  readonly id: string
  /** `name+id+base64`, the form in which such keys are handed on (C2SP signed-note). */
  readonly text: string
  verify(text: string, signature: Uint8Array): boolean
}

/** With which a note is signed. */
export interface SignerKey {
  readonly verifier: VerifierKey
  sign(text: string): Buffer
}

/** Reads `name+id+base64` (C2SP signed-note, Ed25519). Code: invalid-usage. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim()) ?? []
  const bytes = keyBytesOf(encoded)
  if (bytes === undefined || !isKeyName(name) || idOf(name, bytes) !== id) {
    throw new DaybookError(
      'invalid-usage',
      'This is not a verifier key. One looks like example.com/journal+1f2e3d4c+AQ…, and is copied whole.',
    )
  }
  return verifierKey(name, bytes)
}

/**
 * Reads `PRIVATE+KEY+name+id+base64`, the form of Go's `sumdb/note`, whose bytes are the seed of RFC 8032. The message of
 * the error holds nothing of the key. Code: invalid-usage.
 */
export function parseSignerKey(text: string): SignerKey {
  const rest = text.trim().startsWith(SIGNER_PREFIX) ? text.trim().slice(SIGNER_PREFIX.length) : ''
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(rest) ?? []
  const seed = keyBytesOf(encoded)
  const key = seed === undefined || !isKeyName(name) ? undefined : signerKey(name, seed)
  if (key !== undefined && key.verifier.id === id) return key
  throw new DaybookError('invalid-usage', 'The seal key is not one: it has to be PRIVATE+KEY+name+id+base64.')
}

/** Makes a key under a name, and the text that keeps it. The text is a secret. Code: invalid-usage (the name). */
export function generateSignerKey(name: string): { key: SignerKey; secret: string } {
  if (!isKeyName(name)) {
    throw new DaybookError(
      'invalid-usage',
      'The name of a key has no blanks and no plus sign, and 255 characters at most.',
    )
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES)
  const key = signerKey(name, seed)
  const encoded = Buffer.of(ED25519, ...seed).toString('base64')
  return { key, secret: `${SIGNER_PREFIX}${name}+${key.verifier.id}+${encoded}` }
}

/** Whether a key, and so an origin, may be called so. */
export function isKeyName(name: string): boolean {
  return NAME.test(name)
}

/** The 32 bytes of a key; undefined if it is of another kind, or not in the one spelling that base64 has for it. */
function keyBytesOf(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, 'base64')
  const isWhole =
    bytes.length === KEY_BYTES + 1 && bytes[0] === ED25519 && bytes.toString('base64') === encoded
  return isWhole ? bytes.subarray(1) : undefined
}

function idOf(name: string, publicKey: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey])
  return hash('sha256', bytes, 'hex').slice(0, 8)
}

function verifierKey(name: string, bytes: Buffer): VerifierKey {
  const key: KeyObject = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, bytes]),
    format: 'der',
    type: 'spki',
  })
  const id = idOf(name, bytes)
  return {
    name,
    id,
    text: `${name}+${id}+${Buffer.of(ED25519, ...bytes).toString('base64')}`,
    verify: (text, signature) => verify(null, Buffer.from(text), key, signature),
  }
}

function signerKey(name: string, seed: Buffer): SignerKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const publicBytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
  return {
    verifier: verifierKey(name, publicBytes),
    sign: (text) => sign(null, Buffer.from(text), key),
  }
}
