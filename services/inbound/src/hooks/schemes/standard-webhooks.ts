import { isAnyOf } from '../constant-time.ts'
import { onlyValue } from '../headers.ts'
import { faultOfTime, hmacs, type Scheme, sha256Of } from './scheme.ts'

const SECRET_PREFIX = 'whsec_'
const SIGNATURE_PREFIX = 'v1,'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Standard Webhooks 1.0: `webhook-signature`, a list separated by spaces of `v1,<base64>`: HMAC-SHA256 over
 * `<webhook-id>.<webhook-timestamp>.<body>`; other versions are to be ignored (standardwebhooks.com, "Signature scheme").
 */
export const standardWebhooksScheme: Scheme = {
  secret: 'whsec_ and the key in base64',
  keyOf: keyOfSecret,
  verify({ headers, body }, keys, nowMs) {
    const [id, timestamp, value] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
      onlyValue(headers, name),
    )
    if (id === undefined || timestamp === undefined || value === undefined) return 'missing'
    const signatures = value.split(' ').filter((signature) => signature.startsWith(SIGNATURE_PREFIX))
    const given = signatures.flatMap((text) => sha256Of(text.slice(SIGNATURE_PREFIX.length), 'base64') ?? [])
    if (given.length === 0) return 'malformed'
    const fault = faultOfTime(timestamp, nowMs)
    if (fault !== undefined) return fault
    return isAnyOf(given, hmacs(keys, `${id}.${timestamp}.`, body)) ? 'valid' : 'wrong'
  },
}

function keyOfSecret(text: string): Uint8Array | undefined {
  const base64 = text.startsWith(SECRET_PREFIX) ? text.slice(SECRET_PREFIX.length) : text
  return base64 !== '' && BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined
}
