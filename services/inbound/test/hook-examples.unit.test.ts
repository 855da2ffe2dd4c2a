import { describe, expect, it } from 'vitest'
import { isEd25519Signature } from '../src/hooks/schemes/ed25519.ts'
import { githubScheme } from '../src/hooks/schemes/hmac.ts'
import type { Scheme } from '../src/hooks/schemes/scheme.ts'
import { slackScheme } from '../src/hooks/schemes/slack.ts'
import { standardWebhooksScheme } from '../src/hooks/schemes/standard-webhooks.ts'

function keyOf(scheme: Scheme, secret: string): Uint8Array {
  const key = scheme.keyOf(secret)
  if (key === undefined) throw new Error('the test has a secret that is none')
  return key
}

describe('what the platforms publish as examples is valid', () => {
  it('GitHub: "Validating webhook deliveries", Testing', () => {
    const headers = {
      'x-hub-signature-256': ['sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
    }
    const keys = [keyOf(githubScheme, "It's a Secret to Everybody")]
    expect(githubScheme.verify({ headers, body: Buffer.from('Hello, World!') }, keys, 0)).toBe('valid')
  })

  it('Slack: "Verifying requests from Slack", the slash command', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
    const headers = {
      'x-slack-request-timestamp': ['1531420618'],
      'x-slack-signature': ['v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
    }
    const keys = [keyOf(slackScheme, '8f742231b10e8888abcd99yyyzzz85a5')]
    expect(slackScheme.verify({ headers, body: Buffer.from(body) }, keys, 1_531_420_618_000)).toBe('valid')
  })

  it('Standard Webhooks: the vector of its libraries, with and without whsec_', () => {
    const headers = {
      'webhook-id': ['msg_p5jXN8AQM9LWM0D4loKWxJek'],
      'webhook-timestamp': ['1614265330'],
      'webhook-signature': ['v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    }
    const request = { headers, body: Buffer.from('{"test": 2432232314}') }
    for (const secret of ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']) {
      const keys = [keyOf(standardWebhooksScheme, secret)]
      expect(standardWebhooksScheme.verify(request, keys, 1_614_265_330_000)).toBe('valid')
    }
  })

  it.each([
    {
      test: 1,
      key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      test: 2,
      key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    },
    {
      test: 3,
      key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      message: 'af82',
      signature:
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
  ])('Ed25519: RFC 8032, 7.1, TEST $test', ({ key, message, signature }) => {
    const [publicKey, text, signed] = [key, message, signature].map((hex) => Buffer.from(hex, 'hex'))
    expect(isEd25519Signature(signed!, text!, publicKey!)).toBe(true)
    expect(isEd25519Signature(signed!, Buffer.from(`${message}00`, 'hex'), publicKey!)).toBe(false)
  })
})
