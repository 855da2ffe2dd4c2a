import { isAnyOf } from '../constant-time.ts'
import { onlyValue } from '../headers.ts'
import { faultOfTime, hmacs, type Scheme, sha256Of, textKey } from './scheme.ts'

const PREFIX = 'v0='

/**
 * Slack: `X-Slack-Signature: v0=<hex>`, HMAC-SHA256 over `v0:<X-Slack-Request-Timestamp>:<body>`, not older than five
 * minutes (api.slack.com, "Verifying requests from Slack").
 */
export const slackScheme: Scheme = {
  secret: 'the signing secret of the app',
  keyOf: textKey,
  verify({ headers, body }, keys, nowMs) {
    const value = onlyValue(headers, 'x-slack-signature')
    const timestamp = onlyValue(headers, 'x-slack-request-timestamp')
    if (value === undefined || timestamp === undefined) return 'missing'
    const given = value.startsWith(PREFIX) ? sha256Of(value.slice(PREFIX.length), 'hex') : undefined
    if (given === undefined) return 'malformed'
    const fault = faultOfTime(timestamp, nowMs)
    if (fault !== undefined) return fault
    return isAnyOf([given], hmacs(keys, `v0:${timestamp}:`, body)) ? 'valid' : 'wrong'
  },
}
