import { once } from 'node:events'
import { createServer, get, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { DaybookError } from '@daybook/errors'
import {
  acceptRawBodies,
  assertCaller,
  CALLER_HEADER,
  type Caller,
  callerOf,
  type HttpPlugin,
} from '@daybook/runtime'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { asAdmin, CALLER_KEY, documented, fetch, json, startGateway, startService, until } from './fixture.ts'

interface Seen {
  url: string | undefined
  headers: IncomingHttpHeaders
  bytes: number
}

/** Answers appends and blobs with what reached it. */
const journal: HttpPlugin = async (app) => {
  acceptRawBodies(app)
  for (const path of ['/v1/events', '/v1/blobs']) {
    app.post(
      path,
      { schema: documented(path), bodyLimit: 64 * 1_048_576 },
      async (request, reply): Promise<Seen> => {
        const body: unknown = request.body
        reply.code(201).header('daybook-position', '7')
        return {
          url: request.url,
          headers: request.headers,
          bytes: Buffer.isBuffer(body) ? body.byteLength : -1,
        }
      },
    )
  }
}

const admin: Caller = { tenant: 'main', actor: { kind: 'user', id: 'admin' }, scopes: ['admin'] }

const text = Type.String()
const projection: HttpPlugin = async (app) => {
  const params = Type.Object({ kind: text, id: text }, { additionalProperties: false })
  app.get('/v1/streams/:kind/:id/events', { schema: { ...documented('tape'), params } }, async (request) => ({
    params: request.params,
    headers: request.headers,
  }))
  app.get('/v1/runs', { schema: documented('runs') }, async () => {
    throw new DaybookError('position-not-reached', 'The projection is at 4.', { details: { position: 4 } })
  })
}

async function post(url: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: response.status, headers: response.headers, answer: await json(response) }
}

describe('a request', () => {
  it('leaves nothing behind on a connection that is used again', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url })
    const warnings: string[] = []
    const note = (warning: Error) => void warnings.push(warning.message)
    process.on('warning', note)
    for (let times = 0; times < 20; times += 1) await post(`${gateway.url}/v1/events`, '{}')
    // Warnings are emitted in the next tick; another request is a later one.
    await post(`${gateway.url}/v1/events`, '{}')
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  it('reaches its service byte for byte and the answer comes back', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url })
    const body = '{ "events": [], "events": "kept as it is" }'
    const { status, headers, answer } = await post(`${gateway.url}/v1/events`, body, {
      traceparent: '00-ab-cd-01',
    })
    expect(status).toBe(201)
    expect(headers.get('daybook-position')).toBe('7')
    const sent = { 'content-type': 'application/json', traceparent: '00-ab-cd-01' }
    expect(answer).toMatchObject({ url: '/v1/events', bytes: body.length, headers: sent })
  })

  it('goes to the service of its method and path', async () => {
    await using writes = await startService('journal', journal)
    await using reads = await startService('projection', projection)
    await using gateway = await startGateway({ journal: writes.url, projection: reads.url })
    expect((await post(`${gateway.url}/v1/events`, '{}')).status).toBe(201)
    expect((await fetch(`${gateway.url}/v1/runs`)).status).toBe(503)
    expect((await fetch(`${gateway.url}/v1/elsewhere`)).status).toBe(404)
    const wrong = await fetch(`${gateway.url}/v1/runs`, { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST'])
    expect((await fetch(`${gateway.url}/v1/events`, { method: 'PUT' })).headers.get('allow')).toBe(
      'GET, POST',
    )
  })

  it('keeps the encoding of its path, whatever the id looks like', async () => {
    await using service = await startService('projection', projection)
    await using gateway = await startGateway({ projection: service.url })
    for (const id of ['a/b', 'a/../b', 'a:b@c=d~e+f', 'x'.repeat(200)]) {
      const response = await fetch(`${gateway.url}/v1/streams/run/${encodeURIComponent(id)}/events`)
      expect((await json(response))['params']).toEqual({ kind: 'run', id })
    }
  })

  it('carries who its caller is, as the gateway knows it, and nothing that the caller says of itself', async () => {
    const route: HttpPlugin = async (app) => {
      const config = { scope: 'any' } as const
      app.get('/v1/runs', { schema: documented('runs'), config }, async (request) => ({
        caller: callerOf(request),
        headers: Object.keys(request.headers),
      }))
    }
    await using service = await startService('projection', route)
    await using gateway = await startGateway({ projection: service.url })
    const forged = assertCaller(CALLER_KEY, { ...admin, tenant: 'acme' })
    const response = await fetch(`${gateway.url}/v1/runs`, {
      headers: { [CALLER_HEADER]: forged, 'daybook-tenant': 'acme', cookie: 'a=b', 'x-kept': '1' },
    })
    const { caller, headers } = await json<{ caller: Caller; headers: string[] }>(response)
    expect(caller).toEqual(admin)
    expect(headers).toContain('x-kept')
    for (const name of ['authorization', 'cookie', 'daybook-tenant']) expect(headers).not.toContain(name)
  })

  it('is answered with unavailable when its service does not believe the gateway', async () => {
    const believing = createServer((_request, response) => response.writeHead(401).end()).listen(
      0,
      '127.0.0.1',
    )
    await once(believing, 'listening')
    const address = believing.address()
    const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
    await using gateway = await startGateway({ projection: url })
    const response = await fetch(`${gateway.url}/v1/runs`)
    expect(response.status).toBe(503)
    expect(await json(response)).toMatchObject({ detail: expect.stringContaining('the same CALLER_KEY') })
    believing.close()
  })

  it('has one id in the answer, at the gateway and at the service', async () => {
    await using service = await startService('projection', projection)
    await using gateway = await startGateway({ projection: service.url })
    const response = await fetch(`${gateway.url}/v1/runs`, { headers: { 'x-request-id': 'trace-me' } })
    expect(response.headers.get('x-request-id')).toBe('trace-me')
    expect(await json(response)).toMatchObject({ requestId: 'trace-me' })
    expect(service.lines.join('')).toContain('"requestId":"trace-me"')
    expect(gateway.lines.join('')).toContain('"requestId":"trace-me"')
    const given = await fetch(`${gateway.url}/v1/streams/run/1/events`)
    const id = given.headers.get('x-request-id')
    expect(await json(given)).toMatchObject({ headers: { 'x-request-id': id } })
  })

  it('gets the problem of its service as it is', async () => {
    await using service = await startService('projection', projection)
    await using gateway = await startGateway({ projection: service.url })
    const response = await fetch(`${gateway.url}/v1/runs`)
    expect(response.headers.get('content-type')).toMatch('application/problem+json')
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await json(response)).toMatchObject({ code: 'position-not-reached', details: { position: 4 } })
  })

  it('uses an open connection to its service again', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url })
    let connections = 0
    service.http.app.server.on('connection', () => {
      connections += 1
    })
    for (let count = 0; count < 10; count += 1) await post(`${gateway.url}/v1/events`, '{}')
    expect(connections).toBeLessThan(3)
  })

  it('that a page of another site makes a browser send is refused, unless it only reads', async () => {
    await using service = await startService('projection', projection)
    await using gateway = await startGateway({ projection: service.url })
    const headers = { 'sec-fetch-site': 'cross-site' }
    const write = await post(`${gateway.url}/v1/blobs`, 'x', headers)
    expect(write).toMatchObject({ status: 400, answer: { code: 'invalid-request' } })
    expect((await fetch(`${gateway.url}/v1/streams/run/1/events`, { headers })).status).toBe(200)
  })

  it('loses the headers of its own connection', async () => {
    await using service = await startService('projection', projection)
    await using gateway = await startGateway({ projection: service.url })
    const headers = {
      ...asAdmin,
      connection: 'close, x-hop',
      'x-hop': '1',
      te: 'trailers',
      'proxy-authorization': 'x',
      'x-kept': '1',
    }
    const [response] = await once(get(`${gateway.url}/v1/streams/run/1/events`, { headers }), 'response')
    let body = ''
    for await (const chunk of response) body += String(chunk)
    const seen = JSON.parse(body).headers
    expect(seen).toMatchObject({ 'x-kept': '1', connection: 'keep-alive' })
    for (const name of ['x-hop', 'te', 'proxy-authorization']) expect(seen).not.toHaveProperty(name)
  })
})

describe('a body', () => {
  const limits = { bodyBytesMax: { append: 1_000, blob: 2_000_000 } }

  it('of any type and length passes up to the limit of its route', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url }, limits)
    const blob = await post(`${gateway.url}/v1/blobs`, Buffer.alloc(2_000_000), {
      'content-type': 'image/png',
    })
    expect(blob).toMatchObject({ status: 201, answer: { bytes: 2_000_000 } })
    const empty = await fetch(`${gateway.url}/v1/blobs`, { method: 'POST' })
    expect(empty.status).toBe(201)
  })

  it('that says it is over the limit is refused before it is sent on', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url }, limits)
    const { status, answer } = await post(`${gateway.url}/v1/events`, 'x'.repeat(1_001))
    expect(status).toBe(413)
    expect(answer).toMatchObject({ code: 'payload-too-large', requestId: expect.any(String) })
    expect(service.lines.join('')).not.toContain('"route":"/v1/events"')
  })

  it('that turns out to be over the limit is refused, and its service does not take it', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url }, limits)
    const upload = httpRequest(`${gateway.url}/v1/events`, { method: 'POST', headers: asAdmin })
    const answered = once(upload, 'response')
    for (let part = 0; part < 20; part += 1) upload.write('x'.repeat(100))
    upload.end()
    const [response] = await answered
    expect(response.statusCode).toBe(413)
    response.resume()
    expect(service.lines.join('')).not.toContain('"status":201')
  })

  it('far over the limit is still answered', async () => {
    await using service = await startService('journal', journal)
    await using gateway = await startGateway({ journal: service.url }, limits)
    const { status } = await post(`${gateway.url}/v1/events`, Buffer.alloc(20_000_000))
    expect(status).toBe(413)
  })
})

describe('when a service', () => {
  it('is away, the answer is 503 with Retry-After', async () => {
    await using gateway = await startGateway({})
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${gateway.url}/v1/events`, { method })
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await json(response)).toMatchObject({ code: 'unavailable', retry: 'later' })
    }
  })

  it('does not answer in time, the outcome is called unknown', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
    await using gateway = await startGateway({ journal: url, projection: url }, { upstreamTimeoutMs: 50 })
    const write = await post(`${gateway.url}/v1/events`, '{}')
    const detail = expect.stringContaining('repeat the request with the same ids')
    expect(write).toMatchObject({ status: 504, answer: { code: 'timeout', detail } })
    expect((await fetch(`${gateway.url}/v1/events`)).status).toBe(504)
    silent.closeAllConnections()
    silent.close()
  })

  it('breaks off after it may have taken a write, the outcome is called unknown', async () => {
    const breaking = createSocketServer((socket) => socket.once('data', () => socket.destroy())).listen(
      0,
      '127.0.0.1',
    )
    await once(breaking, 'listening')
    const address = breaking.address()
    const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
    await using gateway = await startGateway({ journal: url, projection: url })
    expect(await post(`${gateway.url}/v1/events`, '{}')).toMatchObject({ answer: { code: 'timeout' } })
    const read = await fetch(`${gateway.url}/v1/events`)
    expect(await json(read)).toMatchObject({ code: 'unavailable' })
    breaking.close()
  })
})

it('ends a request at its service when the client goes before the answer', async () => {
  const state = { entered: false, aborted: false }
  const slow = createServer((request, response) => {
    state.entered = true
    request.resume()
    response.on('close', () => {
      state.aborted = true
    })
  }).listen(0, '127.0.0.1')
  await once(slow, 'listening')
  const address = slow.address()
  const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
  await using gateway = await startGateway({ journal: url })
  const controller = new AbortController()
  const request = fetch(`${gateway.url}/v1/events`, { method: 'POST', body: '{}', signal: controller.signal })
  const refused = expect(request).rejects.toThrow('abort')
  await until(() => state.entered)
  controller.abort()
  await refused
  await until(() => state.aborted)
  slow.close()
})
