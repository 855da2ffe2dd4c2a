import { isAnyOf } from '../constant-time.ts'
import { onlyValue } from '../headers.ts'
import type { Scheme } from './scheme.ts'

/** What `setWebhook` takes as its `secret_token`. */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/

/**
 * Telegram: sends the `secret_token` of `setWebhook` with each update as `X-Telegram-Bot-Api-Secret-Token`
 * (core.telegram.org/bots/api#setwebhook). It says who sends, and nothing about what is sent: TLS has to protect the rest.
 */
export const telegramScheme: Scheme = {
  secret: 'the secret_token of setWebhook: 1 to 256 of A-Z, a-z, 0-9, _ and -',
  keyOf: (text) => (TOKEN.test(text) ? Buffer.from(text) : undefined),
  verify({ headers }, keys) {
    const value = onlyValue(headers, 'x-telegram-bot-api-secret-token')
    if (value === undefined) return 'missing'
    return isAnyOf([Buffer.from(value)], keys) ? 'valid' : 'wrong'
  },
}
