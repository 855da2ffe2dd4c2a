import { isAnyOf } from '../constant-time.ts'
import { onlyValue } from '../headers.ts'
import { faultOfTime, hmacs, type Scheme, sha256Of, textKey } from './scheme.ts'

/**
 * Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA256 over `<t>.<body>`; one v1 for each live secret
 * while a secret is rolled, and schemes other than v1 are to be ignored (docs.stripe.com, "Verify webhook signatures
 * manually"). The secret is used as it stands, `whsec_` included.
 */
export const stripeScheme: Scheme = {
  secret: 'the signing secret of the endpoint, whsec_…',
  keyOf: textKey,
  verify({ headers, body }, keys, nowMs) {
    const value = onlyValue(headers, 'stripe-signature')
    if (value === undefined) return 'missing'
    const [timestamp, ...otherTimes] = elementsOf(value, 't')
    const given = elementsOf(value, 'v1').flatMap((text) => sha256Of(text, 'hex') ?? [])
    if (timestamp === undefined || otherTimes.length > 0 || given.length === 0) return 'malformed'
    const fault = faultOfTime(timestamp, nowMs)
    if (fault !== undefined) return fault
    return isAnyOf(given, hmacs(keys, `${timestamp}.`, body)) ? 'valid' : 'wrong'
  },
}

function elementsOf(header: string, name: string): string[] {
  const start = `${name}=`
  const elements = header.split(',').map((element) => element.trim())
  return elements.filter((element) => element.startsWith(start)).map((element) => element.slice(start.length))
}
