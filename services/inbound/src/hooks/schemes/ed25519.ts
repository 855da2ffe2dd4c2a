import { createPublicKey, verify } from 'node:crypto'

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

/**
 * Whether the signature of a message is one by the holder of a public key: Ed25519 (RFC 8032, 5.1.7). Nothing in it is
 * secret. A key of 32 bytes that is no point of the curve verifies nothing.
 */
export function isEd25519Signature(
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, message, key, signature)
}
