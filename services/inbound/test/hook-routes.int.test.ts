import { DaybookError } from '@daybook/errors'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Received } from '../src/receive.ts'
import {
  accepted,
  environment,
  type HookDoor,
  oldSecret,
  openHookDoor,
  postRaw,
  post as postTo,
} from './hook-door.ts'
import {
  fromDiscord,
  fromGithub,
  fromSlack,
  fromStandardWebhooks,
  fromStripe,
  fromTelegram,
  hmacOf,
  type Sent,
  telegramSecret,
} from './signed-requests.ts'

const atTheEnd = new AsyncDisposableStack()
let door: HookDoor
beforeAll(async () => {
  door = atTheEnd.use(await openHookDoor())
})
afterAll(() => atTheEnd.disposeAsync())
beforeEach(() => door.behave(accepted))

/** At the gateway. */
function post(place: string, sent: Sent) {
  return postTo(door.gatewayUrl, place, sent)
}

const messages: [string, Sent][] = [
  ['github/bot-2', fromGithub('{"repository":{"full_name":"a/b"}}')],
  ['slack/bot-2', fromSlack('{"event_id":"Ev1","event":{"channel":"C1"}}')],
  ['stripe/bot-2', fromStripe('{"id":"evt_1","data":{"object":{"customer":"cus_1"}}}')],
  ['telegram/bot-2', fromTelegram('{"update_id":5,"message":{"chat":{"id":7}}}')],
  ['discord/bot-2', fromDiscord('{"id":"175928847299117063","type":2,"channel_id":"9"}')],
  ['standard/bot-2', fromStandardWebhooks('{"type":"a.b","data":{"id":"x"}}')],
  ['shop/bot-2', { headers: { 'x-sign': hmacOf(oldSecret, '{"id":3}', 'base64') }, body: '{"id":3}' }],
]

describe('a signed request', () => {
  it.each(messages)('to %s is handed on through the gateway and answered 200', async (place, sent) => {
    expect((await post(place, sent)).status).toBe(200)
    const [source = '', account = ''] = place.split('/')
    expect(door.received).toHaveLength(1)
    expect(door.received[0]).toMatchObject({
      author: {
        tenant: source === 'github' ? 'acme' : 'main',
        actor: { kind: 'service', id: `hook:${source}:${account}` },
      },
      message: { source, account },
    })
  })

  it('is checked over the bytes that were sent: they come through the gateway as they are', async () => {
    const body = '\r\n{ "update" : "Zażółć 🪶\\u00e9",\t"big": 1.0 , "repository":{"full_name":"ö/β"}}  \n'
    const sent = fromGithub(body)
    expect((await post('github/bot-2', sent)).status).toBe(200)
    expect(door.received[0]?.message).toMatchObject({
      conversation: 'ö/β',
      payload: { body: { update: 'Zażółć 🪶é', big: 1, repository: { full_name: 'ö/β' } } },
    })
    const tidied = JSON.stringify(JSON.parse(body))
    expect((await post('github/bot-2', { ...sent, body: tidied })).status).toBe(401)
  })

  it('is answered only when the message is committed', async () => {
    const committed = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    door.behave(async (...asked) => {
      begun.resolve()
      await committed.promise
      return accepted(...asked)
    })
    let isAnswered = false
    const answer = post('github/bot-2', fromGithub('{}')).then((got) => {
      isAnswered = true
      return got
    })
    await begun.promise
    // Time enough for an answer to come all the way.
    expect((await post('github/bot-2', { headers: {}, body: '' })).status).toBe(401)
    expect(isAnswered).toBe(false)
    committed.resolve()
    expect((await answer).json).toEqual({ outcome: 'accepted', key: 'k' })
  })

  it.each<Received>([
    { outcome: 'duplicate-pending', key: 'k' },
    { outcome: 'duplicate-in-progress', key: 'k', retryAfterMs: 1_000 },
    { outcome: 'duplicate-done', key: 'k', result: 'CANARY of a result' },
    { outcome: 'conflict', key: 'k', state: 'pending' },
    { outcome: 'dead', key: 'k', reason: 'attempts' },
  ])(
    'of a message that is $outcome is answered 200: to send it again would change nothing',
    async (earlier) => {
      door.behave(async () => earlier)
      const answer = await post('github/bot-2', fromGithub('{}'))
      expect([answer.status, answer.json]).toEqual([200, { outcome: earlier.outcome, key: 'k' }])
    },
  )

  it.each([
    [429, '5', new DaybookError('overloaded', 'full', { details: { retryAfterMs: 5_000 } })],
    [503, '1', new DaybookError('unavailable', 'The journal is away.')],
    [504, null, new DaybookError('timeout', 'No answer.')],
  ])(
    'is answered %i when it cannot be kept now, so that the platform sends it again',
    async (status, wait, error) => {
      door.behave(() => Promise.reject(error))
      const answer = await post('github/bot-2', fromGithub('{}'))
      expect([answer.status, answer.headers.get('retry-after'), answer.json['retry']]).toEqual([
        status,
        wait,
        'later',
      ])
    },
  )

  it('is refused without an id of its message, and nothing is kept', async () => {
    const answer = await post('telegram/bot-2', fromTelegram('{"message":{"chat":{"id":7}}}'))
    expect([answer.status, answer.json['code']]).toEqual([400, 'no-message-id'])
    expect(door.received).toEqual([])
  })

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-8',
    'application/vnd.example+json',
  ])('may say of its body that it is %s', async (type) => {
    const { headers, body } = fromGithub('payload=%7B%22a%22%3A1%7D')
    const { 'content-type': _, ...rest } = headers
    // As bytes, since `fetch` would say that a text is text/plain.
    const response = await fetch(`${door.gatewayUrl}/v1/hooks/github/bot-2`, {
      method: 'POST',
      headers: type === undefined ? rest : { ...rest, 'content-type': type },
      body: Buffer.from(body),
    })
    expect(response.status).toBe(200)
  })

  it('of which nothing is left but a signature is refused too: no body names no message', async () => {
    expect((await post('telegram/bot-2', fromTelegram(''))).json['code']).toBe('no-message-id')
  })
})

describe('a request that only tries whether somebody is there', () => {
  it('is answered as the platform wants, and not kept', async () => {
    const challenge = await post('slack/bot-2', fromSlack('{"type":"url_verification","challenge":"c-1"}'))
    expect([challenge.status, challenge.json]).toEqual([200, { challenge: 'c-1' }])
    const pong = await post('discord/bot-2', fromDiscord('{"id":"1","type":1}'))
    expect([pong.status, pong.json, pong.headers.get('content-type')]).toEqual([
      200,
      { type: 1 },
      'application/json; charset=utf-8',
    ])
    expect((await post('discord/bot-2', fromDiscord('{"type":0}'))).status).toBe(204)
    expect(door.received).toEqual([])
  })

  it('has to be signed', async () => {
    const { headers } = fromSlack('{}')
    const body = '{"type":"url_verification","challenge":"c-1"}'
    expect((await post('slack/bot-2', { headers, body })).status).toBe(401)
    const ping = { ...fromDiscord('{}'), body: '{"type":1}' }
    expect(await post('discord/bot-2', ping)).toMatchObject({
      status: 401,
      json: { code: 'unauthenticated' },
    })
  })
})

describe('platforms that show an answer to people', () => {
  it('get one that says nothing', async () => {
    const slack = await post('slack/bot-2', fromSlack('{"event_id":"Ev1"}'))
    expect([slack.status, slack.text]).toEqual([200, ''])
    const discord = await post('discord/bot-2', fromDiscord('{"id":"175928847299117063","type":2}'))
    expect([discord.status, discord.json]).toEqual([200, { type: 5 }])
  })
})

describe('a request without a valid signature', () => {
  it.each(messages)('to %s is answered 401 and not handed on', async (place, { headers, body }) => {
    const unsigned = Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'content-type'))
    const answer = await post(place, { headers: unsigned, body })
    expect([answer.status, answer.json['code'], answer.headers.get('www-authenticate')]).toEqual([
      401,
      'unauthenticated',
      'Webhook-Signature realm="daybook"',
    ])
    expect((await postTo(door.url, place, { headers: unsigned, body })).status).toBe(401)
    expect(door.received).toEqual([])
  })

  it('is told the same whatever is wrong with it', async () => {
    const answers = [
      await post('github/bot-2', { headers: {}, body: '{}' }),
      await post('github/bot-2', { headers: { 'x-hub-signature-256': 'sha256=ab' }, body: '{}' }),
      await post('github/bot-2', fromGithub('{}', { secret: 'wrong' })),
    ]
    expect(new Set(answers.map(({ json }) => json['detail'])).size).toBe(1)
  })

  it('does not pass by a token, nor in a query', async () => {
    const { headers } = fromGithub('{}')
    const answer = await post('github/bot-2', { headers: { authorization: 'Bearer x' }, body: '{}' })
    expect(answer.status).toBe(401)
    const query = new URLSearchParams({ 'x-hub-signature-256': headers['x-hub-signature-256'] ?? '' })
    expect((await post(`github/bot-2?${query.toString()}`, { headers: {}, body: '{}' })).status).toBe(400)
  })

  it('has it twice, which nobody can check', async () => {
    const { headers, body } = fromGithub('{}')
    const signature = headers['x-hub-signature-256'] ?? ''
    for (const base of [door.url, door.gatewayUrl]) {
      const url = `${base}/v1/hooks/github/bot-2`
      const twice = { ...headers, 'x-hub-signature-256': [signature, signature] }
      expect(await postRaw(url, twice, body)).toBe(401)
      const twoIds = { ...headers, 'x-github-delivery': ['a', 'b'] }
      expect(await postRaw(url, twoIds, body)).toBe(400)
      const loud = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
      )
      expect(await postRaw(url, loud, body)).toBe(200)
    }
  })

  it('is not even read: its JSON may be anything', async () => {
    expect((await post('github/bot-2', { headers: {}, body: '{"a":1,"a":' })).status).toBe(401)
  })

  it('is too large to be looked at', async () => {
    const answer = await postTo(door.url, 'github/bot-2', fromGithub(`"${'x'.repeat(1_100_000)}"`))
    expect([answer.status, answer.json['code']]).toEqual([413, 'payload-too-large'])
  })
})

describe('an address without a webhook', () => {
  it('is answered 404, the same for sources and accounts that exist and that do not', async () => {
    const { headers, body } = fromGithub('{}')
    const places = [
      'github/other',
      'other/bot-2',
      'slack/BOT-2',
      'x/y',
      '__proto__/constructor',
      `github/${'a'.repeat(300)}`,
    ]
    const answers = []
    for (const place of places) answers.push(await post(place, { headers, body }))
    for (const { status, json } of answers) {
      const { requestId: _, ...rest } = json
      expect([status, rest]).toEqual([404, { ...answers[0]?.json, requestId: undefined }])
    }
    expect(door.received).toEqual([])
  })

  it('takes nothing but POST', async () => {
    expect((await fetch(`${door.url}/v1/hooks/github/bot-2`)).status).toBe(405)
  })
})

describe('what operators see', () => {
  it('counts requests by what became of them, and none by a name that was made up', async () => {
    await post('made-up-name/x', { headers: {}, body: '' })
    await post('github/bot-2', fromGithub('{}'))
    const text = await (await fetch(`${door.url}/metrics`)).text()
    const samples = text.split('\n').filter((line) => line.startsWith('daybook_hook_'))
    const has = (...parts: string[]) => samples.some((line) => parts.every((part) => line.includes(part)))
    expect(has('hook_requests_total', 'source="github"', 'account="bot-2"', 'outcome="accepted"')).toBe(true)
    expect(has('hook_requests_total', 'source="slack"', 'outcome="handshake"')).toBe(true)
    expect(has('hook_requests_total', 'source="github"', 'outcome="overloaded"')).toBe(true)
    expect(has('hook_requests_total', 'source="telegram"', 'outcome="no-message-id"')).toBe(true)
    for (const reason of ['missing', 'malformed', 'wrong'])
      expect(has('hook_refusals_total', 'source="github"', `reason="${reason}"`)).toBe(true)
    expect(has('hook_refusals_total', 'source=""', 'reason="unknown-hook"')).toBe(true)
    expect(text).not.toContain('made-up-name')
  })

  it('find why a request was refused in the log, and neither secrets, signatures nor bodies, anywhere', async () => {
    const body = '{"id":1,"text":"CANARY-of-a-body"}'
    const signature = hmacOf(oldSecret, body, 'base64')
    await post('shop/bot-2', { headers: { 'x-sign': signature }, body })
    await post('shop/bot-2', { headers: { 'x-sign': signature }, body: `${body} ` })
    await post('telegram/bot-2', fromTelegram('{"update_id":1}', { secret: `${telegramSecret}-and-more` }))
    await post('telegram/bot-2', fromTelegram('{"text":"CANARY-of-a-body"}'))
    const kept = door.lines().filter((line) => line.includes('webhook message not kept'))
    expect(kept.at(-1)).toMatch(/"source":"telegram","account":"bot-2","code":"no-message-id"/)
    const refusals = door.lines().filter((line) => line.includes('webhook request refused'))
    expect(
      refusals.some((line) => line.includes('"source":"shop"') && line.includes('"reason":"wrong"')),
    ).toBe(true)
    const openapi = await (await fetch(`${door.gatewayUrl}/v1/openapi.json`)).text()
    expect(openapi).toContain('receiveWebhook')
    const shown = [...door.lines(), await (await fetch(`${door.url}/metrics`)).text(), openapi].join('\n')
    for (const secret of [...Object.values(environment), 'CANARY', signature])
      expect(shown).not.toContain(secret)
  })
})
