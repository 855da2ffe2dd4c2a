import type { IncomingHttpHeaders } from 'node:http'
import { DaybookError } from '@daybook/errors'
import { acceptRawBodies, type HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { routeTable } from '../src/route-table.ts'
import { ADMIN_TOKEN, documented, json, startGateway, startService } from './fixture.ts'

interface Seen {
  url: string
  headers: IncomingHttpHeaders
  base64: string
}

/** Answers webhooks with what reached it, but for those that it does not believe. */
const hooks: HttpPlugin = async (app) => {
  acceptRawBodies(app)
  const params = Type.Object(
    { source: Type.String(), account: Type.String() },
    { additionalProperties: false },
  )
  const querystring = Type.Object({ secret: Type.Optional(Type.String()) }, { additionalProperties: false })
  app.post(
    '/v1/hooks/:source/:account',
    { schema: { ...documented('receiveHook'), params, querystring }, config: { scope: 'public' } },
    async (request): Promise<Seen> => {
      if (request.params.account === 'forged')
        throw new DaybookError('unauthenticated', 'The signature is not that of the platform.')
      const base64 = Buffer.isBuffer(request.body) ? request.body.toString('base64') : ''
      return { url: request.url, headers: request.headers, base64 }
    },
  )
}

/** As platforms send them. */
const SIGNATURES = {
  'x-hub-signature-256': 'sha256=00ff',
  'x-github-delivery': 'b7a1',
  'stripe-signature': 't=1,v1=00ff',
  'x-slack-signature': 'v0=00ff',
  'x-slack-request-timestamp': '1',
  'x-telegram-bot-api-secret-token': 'secret',
  'x-signature-ed25519': '00ff',
  'x-signature-timestamp': '1',
  'webhook-id': 'msg_1',
  'webhook-timestamp': '1',
  'webhook-signature': 'v1,AP8=',
}

/** No UTF-8, so that whoever reads it as text and writes it again changes it. */
const BODY = Buffer.from([0x7b, 0x22, 0xff, 0x00, 0x0d, 0x0a, 0x7d])

function send(
  url: string,
  { headers = {}, body = BODY }: { headers?: Record<string, string>; body?: Buffer<ArrayBuffer> } = {},
) {
  return fetch(url, { method: 'POST', body, headers })
}

describe('a webhook', () => {
  it('needs no token, and reaches its service byte for byte with its signature and its type', async () => {
    await using inbound = await startService('inbound', hooks)
    await using gateway = await startGateway({ inbound: inbound.url })
    const headers = { ...SIGNATURES, 'content-type': 'application/x-www-form-urlencoded; charset=latin1' }
    const answer = await send(`${gateway.url}/v1/hooks/slack/a%2Fb?secret=1`, { headers })
    const seen = await json<Seen>(answer)
    expect(answer.status).toBe(200)
    expect(seen.url).toBe('/v1/hooks/slack/a%2Fb?secret=1')
    expect(seen.headers).toMatchObject(headers)
    expect(Buffer.from(seen.base64, 'base64')).toEqual(BODY)
  })

  it('passes without a type too', async () => {
    await using inbound = await startService('inbound', hooks)
    await using gateway = await startGateway({ inbound: inbound.url })
    const seen = await json<Seen>(await send(`${gateway.url}/v1/hooks/github/a`))
    expect(Buffer.from(seen.base64, 'base64')).toEqual(BODY)
    expect(seen.headers['content-type']).toBeUndefined()
  })

  // A caller assertion here would let a webhook act for whoever's token came with it.
  it('tells the service of nobody, whatever it says of itself', async () => {
    await using inbound = await startService('inbound', hooks)
    await using gateway = await startGateway({ inbound: inbound.url })
    const headers = {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      cookie: 'a=b',
      'daybook-caller': 'forged',
      'daybook-tenant': 'acme',
    }
    const seen = await json<Seen>(await send(`${gateway.url}/v1/hooks/github/a`, { headers }))
    const names = Object.keys(seen.headers)
    expect(names.filter((name) => /^(authorization|cookie|daybook-.*)$/.test(name))).toEqual([])
  })

  it('is refused as the service refuses it', async () => {
    await using inbound = await startService('inbound', hooks)
    await using gateway = await startGateway({ inbound: inbound.url })
    const answer = await send(`${gateway.url}/v1/hooks/github/forged`)
    expect([answer.status, await json(answer)]).toMatchObject([401, { code: 'unauthenticated' }])
  })

  it('is not taken from a page of another site, nor when it is too large', async () => {
    await using inbound = await startService('inbound', hooks)
    const bodyBytesMax = { append: 1_024, blob: 1_024 }
    await using gateway = await startGateway({ inbound: inbound.url }, { bodyBytesMax })
    const url = `${gateway.url}/v1/hooks/github/a`
    expect((await send(url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(400)
    expect((await send(url, { body: Buffer.alloc(2_000) })).status).toBe(413)
  })
})

describe('the route table', () => {
  it('has nothing for callers without a token but webhooks', () => {
    const open = routeTable.filter(({ isPublic }) => isPublic === true)
    expect(open.map(({ method, prefix }) => `${method} ${prefix}`)).toEqual(['POST /v1/hooks'])
  })

  it('asks everybody else for a token, below and beside it', async () => {
    await using inbound = await startService('inbound', hooks)
    await using gateway = await startGateway({ inbound: inbound.url })
    for (const [method, path] of [
      ['GET', '/v1/inbound/messages'],
      ['POST', '/v1/inbound/messages'],
      ['POST', '/v1/projections/inbound/rebuild'],
      ['GET', '/v1/projections'],
    ] as const)
      expect([path, (await fetch(`${gateway.url}${path}`, { method })).status]).toEqual([path, 401])
    expect((await fetch(`${gateway.url}/v1/hooks/github/a`)).status).toBeGreaterThanOrEqual(404)
  })
})
