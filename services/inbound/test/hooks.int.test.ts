import { DaybookError } from '@daybook/errors'
import { afterAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { startGateway } from '../../gateway/test/fixture.ts'
import { openWorld, told } from './commands-fixture.ts'
import { environment, oldSecret, post, sourcesText } from './hook-door.ts'
import {
  fromDiscord,
  fromGithub,
  fromSlack,
  fromStandardWebhooks,
  fromStripe,
  fromTelegram,
  hmacOf,
  nowSeconds,
  type Sent,
} from './signed-requests.ts'

const small = {
  limits: { maxEntries: 1 },
  hooks: { a: { verify: 'telegram', secrets: [{ env: 'TELEGRAM' }] } },
}
const { sources } = JSON.parse(sourcesText)
const settings = { sources: JSON.stringify({ sources: { ...sources, small } }), environment }

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const world = stack.use(await openWorld())
const inbound = stack.use(await world.open(settings))
const gateway = stack.use(await startGateway({ inbound: inbound.service.http.url }))

const deliver = (place: string, sent: Sent) => post(gateway.url, place, sent)

function fromShop(body: string): Sent {
  return { headers: { 'x-sign': hmacOf(oldSecret, body, 'base64') }, body }
}

/** What a tenant has of a message. */
async function messageOf(key: unknown, tenant = 'main') {
  const headers = { 'daybook-tenant': tenant }
  return (await ask(inbound, `/v1/inbound/messages/${String(key)}`, { headers })).body
}

async function storyOf(lane: string): Promise<string> {
  const events = await world.events(lane.split(':').slice(2).join(':'))
  return told(events.filter(({ stream }) => stream === `inbound/${lane}`))
}

const later = nowSeconds() + 60
/** A message as it comes first, and as the platform sends it again: signed anew, with what it counts. */
const redelivered: { lane: string; place: string; first: Sent; again: Sent }[] = [
  {
    lane: 'github:bot-2:a/b',
    place: 'github/bot-2',
    first: fromGithub('{"repository":{"full_name":"a/b"}}'),
    again: fromGithub('{"repository":{"full_name":"a/b"}}', { secret: oldSecret }),
  },
  {
    lane: 'slack:bot-2:C1',
    place: 'slack/bot-2',
    first: fromSlack('{"token":"t","event_id":"Ev1","event":{"channel":"C1"}}'),
    again: retried(fromSlack('{"token":"t","event_id":"Ev1","event":{"channel":"C1"}}', { seconds: later })),
  },
  {
    lane: 'stripe:bot-2:cus_1',
    place: 'stripe/bot-2',
    first: fromStripe('{"id":"evt_1","pending_webhooks":2,"data":{"object":{"customer":"cus_1"}}}'),
    again: fromStripe('{"id":"evt_1","pending_webhooks":1,"data":{"object":{"customer":"cus_1"}}}', {
      seconds: later,
    }),
  },
  {
    lane: 'telegram:bot-2:7',
    place: 'telegram/bot-2',
    first: fromTelegram('{"update_id":5,"message":{"chat":{"id":7}}}'),
    again: fromTelegram('{"update_id": 5, "message": {"chat": {"id": 7}}}'),
  },
  {
    lane: 'discord:bot-2:9',
    place: 'discord/bot-2',
    first: fromDiscord('{"id":"175928847299117063","type":2,"channel_id":"9"}'),
    again: fromDiscord('{"id":"175928847299117063","type":2,"channel_id":"9"}', { seconds: later }),
  },
  {
    lane: 'standard:bot-2:x',
    place: 'standard/bot-2',
    first: fromStandardWebhooks('{"type":"a.b","data":{"id":"x"}}'),
    again: fromStandardWebhooks('{"type":"a.b","data":{"id":"x"}}', { seconds: later }),
  },
]

function retried({ headers, body }: Sent): Sent {
  return { headers: { ...headers, 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' }, body }
}

describe('a message of a platform', () => {
  it.each(redelivered)(
    'of $place is received once, however often it is delivered',
    async ({ lane, place, first, again }) => {
      for (const sent of [first, again]) expect((await deliver(place, sent)).status).toBe(200)
      expect(await storyOf(lane)).toBe('RECEIVED DUPLICATED')
    },
  )

  it('comes to its worker as it was sent, through the gateway and the journal', async () => {
    const body = '\t{ "id" : 41 ,  "text":"Zażółć 🪶 \\"ö\\"",\r\n"n":[1.50,-0.0] }\n'
    const { json } = await deliver('shop/bot-2', fromShop(body))
    expect(json).toMatchObject({ outcome: 'accepted' })
    const [claimed] = await inbound.claim({ source: 'shop' })
    expect(claimed).toMatchObject({
      key: json['key'],
      messageId: '41',
      conversation: 'none',
      payload: { headers: {}, body: { id: 41, text: 'Zażółć 🪶 "ö"', n: [1.5, 0] } },
    })
  })

  it('with other content under the same id is kept as a conflict', async () => {
    const one = await deliver(
      'telegram/bot-2',
      fromTelegram('{"update_id":6,"message":{"chat":{"id":8},"text":"a"}}'),
    )
    const other = await deliver(
      'telegram/bot-2',
      fromTelegram('{"update_id":6,"message":{"chat":{"id":8},"text":"b"}}'),
    )
    expect([one.json['outcome'], other.status, other.json['outcome']]).toEqual(['accepted', 200, 'conflict'])
    expect(await storyOf('telegram:bot-2:8')).toBe('RECEIVED CONFLICTED')
  })

  it('belongs to the tenant of its webhook, and was brought by it', async () => {
    const sent = fromGithub('{"repository":{"full_name":"c/d"}}', { delivery: 'tenants' })
    const { json } = await deliver('github/bot-2', sent)
    await expect.poll(async () => (await messageOf(json['key'], 'acme')).messageId).toBe('tenants')
    expect((await messageOf(json['key'])).code).toBe('not-found')
    const [event] = (await world.events('c/d')).filter(({ tenant }) => tenant === 'acme')
    expect(event?.actor).toEqual({ kind: 'service', id: 'hook:github:bot-2' })
  })

  it.each([
    ['as deep as an event can be', `{"id":"deep","x":${'['.repeat(29)}${']'.repeat(29)}}`, undefined],
    ['deeper than that', `{"id":"deeper","x":${'['.repeat(30)}${']'.repeat(30)}}`, 'json-too-deep'],
    ['with equal keys', '{"id":"equal","a":1,"a":2}', 'duplicate-json-key'],
    ['with a number that no double holds', '{"id":"large","n":12345678901234567890}', 'unsafe-number'],
    ['with a zero in a text', '{"id":"zero","n":"\\u0000"}', 'invalid-string'],
  ])('%s is not lost', async (_what, body, because) => {
    const { json } = await deliver('shop/bot-2', fromShop(body))
    expect(json['outcome']).toBe('accepted')
    await expect.poll(async () => (await messageOf(json['key'])).state).toBe('pending')
    const { payload } = await messageOf(json['key'])
    expect([payload.because, payload.body]).toEqual([
      because,
      because === undefined ? JSON.parse(body) : body,
    ])
  })

  it('that is larger than the journal takes is refused, and a smaller one that says the same is not', async () => {
    const text = 'x'.repeat(300_000)
    const large = await deliver(
      'telegram/bot-2',
      fromTelegram(`{"update_id":77,"message":{"chat":{"id":99},"text":"${text}"}}`),
    )
    expect([large.status, large.json['code']]).toEqual([413, 'payload-too-large'])
    expect(await storyOf('telegram:bot-2:99')).toBe('')
    const spaced = fromTelegram(`{"update_id":78,"message":{"chat":{"id":99}}${' '.repeat(300_000)}}`)
    expect((await deliver('telegram/bot-2', spaced)).json['outcome']).toBe('accepted')
  })
})

describe('a webhook', () => {
  it('of a source that is full asks its platform to come again, unless it has the message', async () => {
    const update = (id: number) => fromTelegram(`{"update_id":${id},"message":{"chat":{"id":1}}}`)
    expect((await deliver('small/a', update(1))).json['outcome']).toBe('accepted')
    const refused = await deliver('small/a', update(2))
    expect([refused.status, refused.json['code'], Number(refused.headers.get('retry-after'))]).toEqual([
      429,
      'overloaded',
      expect.any(Number),
    ])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await deliver('small/a', update(1))).json['outcome']).toBe('duplicate-pending')
    expect(await storyOf('small:a:1')).toBe('RECEIVED DUPLICATED')
  })

  it('whose journal is away says so, and takes the message when it is sent again', async () => {
    const sent = fromTelegram('{"update_id":9,"message":{"chat":{"id":11}}}')
    const append = () => Promise.reject(new DaybookError('unavailable', 'The journal cannot be reached.'))
    {
      await using cut = await world.open({ ...settings, append })
      const answer = await post(cut.service.http.url, 'telegram/bot-2', sent)
      expect([answer.status, answer.headers.get('retry-after'), answer.json['retry']]).toEqual([
        503,
        '1',
        'later',
      ])
    }
    expect(await storyOf('telegram:bot-2:11')).toBe('')
    expect((await deliver('telegram/bot-2', sent)).json['outcome']).toBe('accepted')
  })

  it('keeps nothing of a request that is not signed, nor any secret of one that is', async () => {
    const before = (await world.allEvents()).length
    for (const { place, first } of redelivered) {
      const headers = { 'content-type': 'application/json', 'x-github-delivery': 'unsigned' }
      expect((await deliver(place, { headers, body: first.body })).status).toBe(401)
    }
    const events = await world.allEvents()
    expect(events).toHaveLength(before)
    const journal = JSON.stringify(events)
    for (const secret of Object.values(environment)) expect(journal).not.toContain(secret)
    for (const name of ['x-hub-signature', 'x-slack-signature', 'secret-token', '"token":"t"'])
      expect(journal).not.toContain(name)
  })
})
