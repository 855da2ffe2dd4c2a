import { isAnyOf } from '../constant-time.ts'
import { onlyValue } from '../headers.ts'
import { hmacs, type Scheme, sha256Of, textKey } from './scheme.ts'

export interface HmacSettings {
  /** In lower case. */
  readonly header: string
  /** Before the signature, such as `sha256=`. */
  readonly prefix: string
  readonly encoding: 'hex' | 'base64'
}

/**
 * HMAC-SHA256 (RFC 2104, FIPS 180-4) of the body in a header, as many platforms have it. Nothing in it tells a repetition
 * from the first: that is left to the message's id.
 */
export function hmacScheme({ header, prefix, encoding }: HmacSettings): Scheme {
  return {
    secret: 'any text',
    keyOf: textKey,
    verify({ headers, body }, keys) {
      const value = onlyValue(headers, header)
      if (value === undefined) return 'missing'
      const given = value.startsWith(prefix) ? sha256Of(value.slice(prefix.length), encoding) : undefined
      if (given === undefined) return 'malformed'
      return isAnyOf([given], hmacs(keys, body)) ? 'valid' : 'wrong'
    },
  }
}

/**
 * GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body (docs.github.com, "Validating webhook deliveries"). The
 * older X-Hub-Signature with SHA-1 is not looked at.
 */
export const githubScheme: Scheme = hmacScheme({
  header: 'x-hub-signature-256',
  prefix: 'sha256=',
  encoding: 'hex',
})
