import { createHmac, createPrivateKey, sign } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

/** A request as a platform would send it. Names of headers are in lower case, as Node has them. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

export const githubSecret = "It's a Secret to Everybody"
export const slackSecret = '8f742231b10e8888abcd99yyyzzz85a5'
export const stripeSecret = 'whsec_0123456789abcdefghijklmnopqrstuv'
export const telegramSecret = 'A-token_of-256_at-most'
export const standardSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
/** RFC 8032, 7.1, TEST 2. */
export const discordPublicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'
const discordPrivateKey = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
/** PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410, 7). */
const PKCS8_ED25519 = '302e020100300506032b657004220420'

export function hmacOf(
  secret: string,
  text: string | Uint8Array,
  encoding: 'hex' | 'base64' = 'hex',
): string {
  return createHmac('sha256', secret).update(text).digest(encoding)
}

export function fromGithub(
  body: string,
  { delivery = '72d3162e-cc78-11e3-81ab-4c9367dc0958', secret = githubSecret } = {},
): Sent {
  const signature = `sha256=${hmacOf(secret, body)}`
  return {
    headers: {
      ...JSON_TYPE,
      'x-hub-signature-256': signature,
      'x-github-delivery': delivery,
      'x-github-event': 'issues',
    },
    body,
  }
}

export function fromSlack(body: string, { seconds = nowSeconds(), secret = slackSecret } = {}): Sent {
  const signature = `v0=${hmacOf(secret, `v0:${seconds}:${body}`)}`
  return {
    headers: { ...JSON_TYPE, 'x-slack-signature': signature, 'x-slack-request-timestamp': String(seconds) },
    body,
  }
}

export function fromStripe(body: string, { seconds = nowSeconds(), secret = stripeSecret } = {}): Sent {
  const signature = hmacOf(secret, `${seconds}.${body}`)
  return {
    headers: { ...JSON_TYPE, 'stripe-signature': `t=${seconds},v1=${signature}` },
    body,
  }
}

export function fromTelegram(body: string, { secret = telegramSecret } = {}): Sent {
  return { headers: { ...JSON_TYPE, 'x-telegram-bot-api-secret-token': secret }, body }
}

export function fromDiscord(body: string, { seconds = nowSeconds() } = {}): Sent {
  const der = Buffer.from(`${PKCS8_ED25519}${discordPrivateKey}`, 'hex')
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const signature = sign(null, Buffer.from(`${seconds}${body}`), key).toString('hex')
  return {
    headers: { ...JSON_TYPE, 'x-signature-ed25519': signature, 'x-signature-timestamp': String(seconds) },
    body,
  }
}

/** Signed by the npm package of the specification's authors. */
export function fromStandardWebhooks(
  body: string,
  { id = 'msg_p5jXN8AQM9LWM0D4loKWxJek', seconds = nowSeconds(), secret = standardSecret } = {},
): Sent {
  const signature = new Webhook(secret).sign(id, new Date(seconds * 1_000), body)
  return {
    headers: {
      ...JSON_TYPE,
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signature,
    },
    body,
  }
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000)
}
