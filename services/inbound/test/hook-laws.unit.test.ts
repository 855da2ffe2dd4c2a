import { assert, property, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { githubScheme } from '../src/hooks/schemes/hmac.ts'
import type { Scheme } from '../src/hooks/schemes/scheme.ts'
import { slackScheme } from '../src/hooks/schemes/slack.ts'
import { standardWebhooksScheme } from '../src/hooks/schemes/standard-webhooks.ts'
import { stripeScheme } from '../src/hooks/schemes/stripe.ts'
import {
  fromGithub,
  fromSlack,
  fromStandardWebhooks,
  fromStripe,
  githubSecret,
  hmacOf,
  type Sent,
  slackSecret,
  standardSecret,
  stripeSecret,
} from './signed-requests.ts'

const seconds = 1_700_000_000
const signers: { name: string; scheme: Scheme; secret: string; sign: (body: string) => Sent }[] = [
  { name: 'GitHub', scheme: githubScheme, secret: githubSecret, sign: (body) => fromGithub(body) },
  { name: 'Slack', scheme: slackScheme, secret: slackSecret, sign: (body) => fromSlack(body, { seconds }) },
  {
    name: 'Stripe',
    scheme: stripeScheme,
    secret: stripeSecret,
    sign: (body) => fromStripe(body, { seconds }),
  },
  {
    name: 'Standard Webhooks',
    scheme: standardWebhooksScheme,
    secret: standardSecret,
    sign: (body) => fromStandardWebhooks(body, { seconds }),
  },
]

function verdictOf({ scheme, secret }: { scheme: Scheme; secret: string }, { headers, body }: Sent): string {
  const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
  const keys = [scheme.keyOf(secret) ?? Buffer.alloc(0)]
  return scheme.verify({ headers: distinct, body: Buffer.from(body) }, keys, seconds * 1_000)
}

describe('for all bodies', () => {
  it.each(signers)(
    'a signature of $name is valid for the body that was signed, and for no other',
    (signer) => {
      assert(
        property(string({ unit: 'grapheme' }), string({ unit: 'grapheme' }), (signed, sent) => {
          const { headers } = signer.sign(signed)
          const isSame = Buffer.from(signed).equals(Buffer.from(sent))
          expect(verdictOf(signer, { headers, body: signed })).toBe('valid')
          expect(verdictOf(signer, { headers, body: sent })).toBe(isSame ? 'valid' : 'wrong')
        }),
        { numRuns: 50 },
      )
    },
  )

  it('bytes that are no text are checked as the bytes that they are', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (body) => {
        const signature = `sha256=${hmacOf(githubSecret, body)}`
        const request = { headers: { 'x-hub-signature-256': [signature] }, body }
        expect(githubScheme.verify(request, [Buffer.from(githubSecret)], 0)).toBe('valid')
      }),
    )
  })

  it('no header makes checking fail with anything but a verdict', () => {
    assert(
      property(string({ unit: 'binary-ascii' }), string({ unit: 'binary-ascii' }), (one, other) => {
        for (const signer of signers) {
          const { headers, body } = signer.sign('{}')
          const strange = Object.fromEntries(
            Object.keys(headers).map((name, index) => [name, index % 2 ? one : other]),
          )
          expect(verdictOf(signer, { headers: strange, body })).not.toBe('valid')
        }
      }),
    )
  })
})
