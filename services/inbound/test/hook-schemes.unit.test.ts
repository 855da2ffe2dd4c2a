import { describe, expect, it } from 'vitest'
import { discordScheme } from '../src/hooks/schemes/discord.ts'
import { githubScheme, hmacScheme } from '../src/hooks/schemes/hmac.ts'
import type { Scheme, Verdict } from '../src/hooks/schemes/scheme.ts'
import { slackScheme } from '../src/hooks/schemes/slack.ts'
import { standardWebhooksScheme } from '../src/hooks/schemes/standard-webhooks.ts'
import { stripeScheme } from '../src/hooks/schemes/stripe.ts'
import { telegramScheme } from '../src/hooks/schemes/telegram.ts'
import {
  discordPublicKey,
  fromDiscord,
  fromGithub,
  fromSlack,
  fromStandardWebhooks,
  fromStripe,
  fromTelegram,
  githubSecret,
  hmacOf,
  type Sent,
  slackSecret,
  standardSecret,
  stripeSecret,
  telegramSecret,
} from './signed-requests.ts'

const SECONDS = 1_614_265_330
const BODY = '{ "ü":  1 }\n'

interface Case {
  name: string
  scheme: Scheme
  secret: string
  other: string
  sent: Sent
  /** The header with the signature, and those without which it says nothing. */
  signature: string
  needs: readonly string[]
}

const hmacBase64 = hmacScheme({ header: 'x-sign', prefix: '', encoding: 'base64' })
const cases: readonly Case[] = [
  {
    name: 'GitHub',
    scheme: githubScheme,
    secret: githubSecret,
    other: 'another secret',
    sent: fromGithub(BODY),
    signature: 'x-hub-signature-256',
    needs: [],
  },
  {
    name: 'HMAC in base64',
    scheme: hmacBase64,
    secret: 'generic',
    other: 'another secret',
    sent: { headers: { 'x-sign': hmacOf('generic', BODY, 'base64') }, body: BODY },
    signature: 'x-sign',
    needs: [],
  },
  {
    name: 'Slack',
    scheme: slackScheme,
    secret: slackSecret,
    other: 'another secret',
    sent: fromSlack(BODY, { seconds: SECONDS }),
    signature: 'x-slack-signature',
    needs: ['x-slack-request-timestamp'],
  },
  {
    name: 'Stripe',
    scheme: stripeScheme,
    secret: stripeSecret,
    other: 'whsec_other',
    sent: fromStripe(BODY, { seconds: SECONDS }),
    signature: 'stripe-signature',
    needs: [],
  },
  {
    name: 'Telegram',
    scheme: telegramScheme,
    secret: telegramSecret,
    other: `${telegramSecret}x`,
    sent: fromTelegram(BODY),
    signature: 'x-telegram-bot-api-secret-token',
    needs: [],
  },
  {
    name: 'Discord',
    scheme: discordScheme,
    secret: discordPublicKey,
    other: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    sent: fromDiscord(BODY, { seconds: SECONDS }),
    signature: 'x-signature-ed25519',
    needs: ['x-signature-timestamp'],
  },
  {
    name: 'Standard Webhooks',
    scheme: standardWebhooksScheme,
    secret: standardSecret,
    other: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    sent: fromStandardWebhooks(BODY, { seconds: SECONDS }),
    signature: 'webhook-signature',
    needs: ['webhook-id', 'webhook-timestamp'],
  },
]
const withSignedBody = cases.filter(({ name }) => name !== 'Telegram')
const withTolerance = cases.filter(({ name }) => ['Slack', 'Stripe', 'Standard Webhooks'].includes(name))
const inHex = cases.filter(({ name }) => ['GitHub', 'Slack', 'Stripe', 'Discord'].includes(name))

function keyOf(scheme: Scheme, secret: string): Uint8Array {
  const key = scheme.keyOf(secret)
  if (key === undefined) throw new Error('the test has a secret that is none')
  return key
}

/** Each header as the one value that it has, unless a test gives it more. */
function distinct(headers: Readonly<Record<string, string>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
}

interface Changes {
  headers?: Record<string, readonly string[] | undefined>
  body?: string
  secrets?: readonly string[]
  nowMs?: number
}

function verdictOf({ scheme, secret, sent }: Case, changes: Changes = {}): Verdict {
  const request = {
    headers: { ...distinct(sent.headers), ...changes.headers },
    body: Buffer.from(changes.body ?? sent.body),
  }
  const keys = (changes.secrets ?? [secret]).map((text) => keyOf(scheme, text))
  return scheme.verify(request, keys, changes.nowMs ?? SECONDS * 1_000)
}

function signatureOf({ sent, signature }: Case): string {
  return sent.headers[signature] ?? ''
}

describe('a list of signatures', () => {
  it('has several v1 of Stripe while a secret is rolled, and v0 is looked over', () => {
    const good = hmacOf(stripeSecret, `${SECONDS}.${BODY}`)
    const bad = '0'.repeat(64)
    const verdict = (header: string) => verdictOf(cases[3]!, { headers: { 'stripe-signature': [header] } })
    expect(verdict(`t=${SECONDS},v1=${bad},v1=${good}`)).toBe('valid')
    expect(verdict(`t=${SECONDS}, v1=${good}, v0=${bad}`)).toBe('valid')
    expect(verdict(`t=${SECONDS},v0=${good}`)).toBe('malformed')
    expect(verdict(`t=${SECONDS},v1=${bad},v1=${bad}`)).toBe('wrong')
    expect(verdict(`v1=${good}`)).toBe('malformed')
    expect(verdict(`t=${SECONDS},t=${SECONDS + 1},v1=${good}`)).toBe('malformed')
  })

  it('has several of Standard Webhooks, of which other versions are looked over', () => {
    const theirs = cases[6]!
    const good = signatureOf(theirs)
    const other = 'Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='
    const verdict = (header: string) => verdictOf(theirs, { headers: { 'webhook-signature': [header] } })
    expect(verdict(`v1,${other} v2,${other} ${good} v1,${other}`)).toBe('valid')
    expect(verdict(good.replace('v1,', 'v2,'))).toBe('malformed')
    expect(verdict(good.slice(0, 8))).toBe('malformed')
    expect(verdict('v1,')).toBe('malformed')
  })
})

describe('a signature', () => {
  it.each(cases)('of $name is valid', (one) => {
    expect(verdictOf(one)).toBe('valid')
  })

  it.each(withSignedBody)('of $name does not hold for another body', (one) => {
    expect(verdictOf(one, { body: BODY.trim() })).toBe('wrong')
    expect(verdictOf(one, { body: '' })).toBe('wrong')
  })

  it.each(cases)('of $name does not hold with another secret', (one) => {
    expect(verdictOf(one, { secrets: [one.other] })).toBe('wrong')
  })

  it.each(cases)('of $name holds with either of two live secrets', (one) => {
    expect(verdictOf(one, { secrets: [one.other, one.secret] })).toBe('valid')
    expect(verdictOf(one, { secrets: [one.secret, one.other] })).toBe('valid')
  })

  it.each(cases)('of $name has to be there, and what belongs to it too', (one) => {
    for (const name of [one.signature, ...one.needs])
      expect(verdictOf(one, { headers: { [name]: undefined } })).toBe('missing')
  })

  it.each(cases)('of $name cannot be there twice, nor what belongs to it', (one) => {
    for (const name of [one.signature, ...one.needs]) {
      const value = one.sent.headers[name] ?? ''
      expect(verdictOf(one, { headers: { [name]: [value, value] } })).toBe('missing')
      // As a proxy joins them. A list of signatures is what Standard Webhooks has anyway.
      if (name !== 'webhook-signature')
        expect(verdictOf(one, { headers: { [name]: [`${value}, ${value}`] } })).not.toBe('valid')
    }
  })

  it.each(cases)('of $name does not hold cut short, empty, or with something after it', (one) => {
    const value = signatureOf(one)
    for (const other of ['', value.slice(0, -1), `${value}0`, `x${value}`, value.slice(0, 7)])
      expect(['malformed', 'wrong']).toContain(verdictOf(one, { headers: { [one.signature]: [other] } }))
  })

  it.each(cases)('of $name does not hold with one character changed', (one) => {
    const value = signatureOf(one)
    const at = value.length - 8
    const other = `${value.slice(0, at)}${value[at] === '0' ? '1' : '0'}${value.slice(at + 1)}`
    expect(['malformed', 'wrong']).toContain(verdictOf(one, { headers: { [one.signature]: [other] } }))
  })

  it.each(inHex)('of $name may be in capitals: it is the same bytes', (one) => {
    const value = signatureOf(one).replaceAll(/[0-9a-f]{32,}/g, (digits) => digits.toUpperCase())
    expect(verdictOf(one, { headers: { [one.signature]: [value] } })).toBe('valid')
  })

  it.each(withTolerance)('of $name holds for five minutes, before and after', (one) => {
    for (const seconds of [-300, 300])
      expect(verdictOf(one, { nowMs: (SECONDS + seconds) * 1_000 })).toBe('valid')
    for (const seconds of [-301, 301, 86_400])
      expect(verdictOf(one, { nowMs: (SECONDS + seconds) * 1_000 })).toBe('outdated')
  })

  it.each([...withTolerance, cases[5]!])('of $name does not hold at a time that was not signed', (one) => {
    const [timestamp = ''] = one.needs.filter((name) => name.endsWith('timestamp'))
    const other = String(SECONDS + 1)
    const headers =
      timestamp === ''
        ? { [one.signature]: [signatureOf(one).replace(String(SECONDS), other)] }
        : { [timestamp]: [other] }
    expect(verdictOf(one, { headers })).toBe('wrong')
  })

  it.each(withTolerance)('of $name needs a time that is one', (one) => {
    const [timestamp = ''] = one.needs.filter((name) => name.endsWith('timestamp'))
    for (const other of ['', 'hello', '-1', '1.5', '1e9', ' 1', '9'.repeat(400)]) {
      const headers =
        timestamp === ''
          ? { [one.signature]: [signatureOf(one).replace(String(SECONDS), other)] }
          : { [timestamp]: [other] }
      expect(verdictOf(one, { headers })).toBe('malformed')
    }
  })

  it('of Standard Webhooks covers the id', () => {
    expect(verdictOf(cases[6]!, { headers: { 'webhook-id': ['msg_other'] } })).toBe('wrong')
  })

  it('is never valid without a secret', () => {
    for (const one of cases) expect(verdictOf(one, { secrets: [] })).toBe('wrong')
  })
})

describe('a secret', () => {
  it('has to be one', () => {
    const none: [Scheme, string[]][] = [
      [githubScheme, ['']],
      [telegramScheme, ['', 'with space', 'a'.repeat(257), 'ü']],
      [discordScheme, ['', 'abc', `${discordPublicKey}00`, `zz${discordPublicKey.slice(2)}`]],
      [standardWebhooksScheme, ['', 'whsec_', 'whsec_not base64!', 'whsec_a']],
    ]
    for (const [scheme, texts] of none) for (const text of texts) expect(scheme.keyOf(text)).toBeUndefined()
  })

  it('that is 32 bytes and no point of the curve verifies nothing', () => {
    const { sent } = cases[5]!
    const request = { headers: distinct(sent.headers), body: Buffer.from(sent.body) }
    expect(discordScheme.verify(request, [Buffer.alloc(32, 0xff)], 0)).toBe('wrong')
  })
})
