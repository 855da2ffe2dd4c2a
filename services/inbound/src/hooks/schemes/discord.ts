import { onlyValue } from '../headers.ts'
import { isEd25519Signature, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './ed25519.ts'
import type { Scheme } from './scheme.ts'

const PUBLIC_KEY = new RegExp(`^[0-9a-f]{${2 * PUBLIC_KEY_BYTES}}$`, 'i')
const SIGNATURE = new RegExp(`^[0-9a-f]{${2 * SIGNATURE_BYTES}}$`, 'i')
/** Seconds since 1970; Discord names no bound for how old it may be, and an interaction is answered within 3 seconds. */
const TIMESTAMP = /^\d{1,20}$/

/**
 * Discord: `X-Signature-Ed25519: <hex>` over `<X-Signature-Timestamp><body>` (discord.com/developers, "Setting Up an
 * Endpoint: Validating Security Request Headers"). The signed time has no tolerance there, so a repetition is told by the
 * interaction's id only.
 */
export const discordScheme: Scheme = {
  secret: 'the public key of the application, 64 hexadecimal digits',
  keyOf: (text) => (PUBLIC_KEY.test(text) ? Buffer.from(text, 'hex') : undefined),
  verify({ headers, body }, keys) {
    const value = onlyValue(headers, 'x-signature-ed25519')
    const timestamp = onlyValue(headers, 'x-signature-timestamp')
    if (value === undefined || timestamp === undefined) return 'missing'
    if (!SIGNATURE.test(value) || !TIMESTAMP.test(timestamp)) return 'malformed'
    const signature = Buffer.from(value, 'hex')
    const message = Buffer.concat([Buffer.from(timestamp), body])
    return keys.some((key) => isEd25519Signature(signature, message, key)) ? 'valid' : 'wrong'
  },
}
