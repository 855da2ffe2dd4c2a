import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { bodyCheckedByHandler, type HttpPlugin } from '../src/index.ts'
import { appWith, documented } from './fixture.ts'

const CLOSED = { additionalProperties: false }
const list: HttpPlugin = async (app) => {
  const querystring = Type.Object(
    {
      after: Type.Optional(Type.Integer({ minimum: 0 })),
      reverse: Type.Optional(Type.Boolean()),
      kinds: Type.Optional(Type.Array(Type.String(), { maxItems: 3 })),
      label: Type.Optional(Type.String()),
    },
    CLOSED,
  )
  app.get(
    '/v1/runs',
    { schema: { ...documented('listRuns'), querystring } },
    async (request) => request.query,
  )
  const params = Type.Object({ kind: Type.String(), id: Type.String() }, CLOSED)
  app.get(
    '/v1/streams/:kind/:id/events',
    { schema: { ...documented('tape'), params } },
    async (request) => request.params,
  )
  app.get('/v1/plain', { schema: documented('plain') }, async () => ({}))
}

describe('the query', () => {
  it.each([
    ['', {}],
    ['?after=12&reverse=true', { after: 12, reverse: true }],
    ['?label=12', { label: '12' }],
    ['?kinds=run&kinds=import', { kinds: ['run', 'import'] }],
    ['?kinds=run,import', { kinds: ['run', 'import'] }],
    ['?kinds=run', { kinds: ['run'] }],
  ])('%j is read by the types of its schema', async (query, expected) => {
    await using server = await appWith(list)
    expect((await server.app.inject(`/v1/runs${query}`)).json()).toEqual(expected)
  })

  it.each([
    'after=',
    'after=1e3',
    'after=-1',
    'after=0x1',
    'after=1&after=2',
    'reverse=yes',
    'limit=1',
    '__proto__=1',
  ])('%j is refused', async (query) => {
    await using server = await appWith(list)
    const answer = await server.app.inject(`/v1/runs?${query}`)
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid-request'])
  })

  it('of a route that has none is refused', async () => {
    await using server = await appWith(list)
    expect((await server.app.inject('/v1/plain?other=1')).statusCode).toBe(400)
  })
})

describe('a path', () => {
  it('carries a stream id as one encoded segment', async () => {
    await using server = await appWith(list)
    const id = `a/b:@=~+.-_${'x'.repeat(185)}`
    const answer = await server.app.inject(`/v1/streams/run/${encodeURIComponent(id)}/events`)
    expect(answer.json()).toEqual({ kind: 'run', id })
  })

  it('that is unknown is answered with not-found', async () => {
    await using server = await appWith(list)
    const answer = await server.app.inject('/v1/nothing')
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not-found'])
  })

  it('that is known for other methods is answered with method-not-allowed and Allow', async () => {
    await using server = await appWith(list)
    const answer = await server.app.inject({ method: 'DELETE', url: '/v1/streams/run/1/events?a=b' })
    expect([answer.statusCode, answer.json().code]).toEqual([405, 'method-not-allowed'])
    expect(answer.headers['allow']).toBe('GET')
  })

  it.each(['/v1/runs/%zz', `/v1/streams/run/${'x'.repeat(601)}/events`])(
    'like %s is refused with a problem',
    async (url) => {
      await using server = await appWith(list)
      const answer = await server.app.inject(url)
      expect(answer.statusCode).toBe(400)
      expect(answer.json()).toMatchObject({ code: 'invalid-request', requestId: expect.any(String) })
    },
  )
})

describe('a request id', () => {
  it('of the caller is taken over if it is sane', async () => {
    await using server = await appWith(list)
    const answer = await server.app.inject({ url: '/v1/runs', headers: { 'x-request-id': 'abc.DEF_1-2' } })
    expect(answer.headers['x-request-id']).toBe('abc.DEF_1-2')
    expect(server.lines.join('')).toContain('"requestId":"abc.DEF_1-2"')
  })

  it.each(['', 'two words', 'x'.repeat(129), '<script>'])('%j is replaced by a ULID', async (id) => {
    await using server = await appWith(list)
    const answer = await server.app.inject({ url: '/v1/none', headers: { 'x-request-id': id } })
    expect(answer.headers['x-request-id']).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(answer.json().requestId).toBe(answer.headers['x-request-id'])
  })
})

function route(schema: object): HttpPlugin {
  return async (app) => {
    app.post('/x', { schema: { ...documented('x'), ...schema } }, async () => null)
  }
}

describe('the start fails for a route', () => {
  it.each([
    ['whose body takes unknown fields', { body: Type.Object({ a: Type.String() }) }],
    ['whose body takes them deeper down', { body: Type.Array(Type.Object({ a: Type.Object({}) }, CLOSED)) }],
    [
      'whose body takes them in a union',
      { body: Type.Union([Type.Null(), Type.Object({ a: Type.Null() })]) },
    ],
    ['whose query takes unknown fields', { querystring: Type.Object({}) }],
    ['whose parameters take them', { params: Type.Object({}) }],
    ['without a summary', { summary: undefined }],
    ['without an operationId', { operationId: undefined }],
  ])('%s', async (_what, schema) => {
    await expect(appWith(route(schema))).rejects.toThrow(/Route POST \/x/)
  })

  it('but not for one that is strict and takes maps on purpose', async () => {
    const event = Type.Object(
      { data: Type.Record(Type.String(), Type.Unknown()), properties: Type.Integer() },
      CLOSED,
    )
    await using server = await appWith(route({ body: Type.Object({ events: Type.Array(event) }, CLOSED) }))
    expect(server.app.hasRoute({ method: 'POST', url: '/x' })).toBe(true)
  })
})

describe('openapi.json', () => {
  it('describes every operation with its problem, in OpenAPI 3.1', async () => {
    await using server = await appWith(list)
    const document = (await server.app.inject('/openapi.json')).json()
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(['/v1/runs', '/v1/streams/{kind}/{id}/events', '/v1/plain'])
    const { get } = document.paths['/v1/runs']
    expect(get).toMatchObject({ operationId: 'listRuns', summary: 'listRuns', tags: ['test'] })
    expect(get.parameters[0]).toEqual({
      in: 'query',
      name: 'after',
      required: false,
      schema: { type: 'integer', minimum: 0 },
    })
    expect(get.responses.default.content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    })
    expect(document.components.schemas.Problem.required).toContain('code')
  })
})

describe('a response', () => {
  it('is sent as the handler made it, whatever its schema leaves out', async () => {
    const response = { 200: Type.Object({ count: Type.String() }, CLOSED) }
    await using server = await appWith(async (app) => {
      app
        .withTypeProvider()
        .get('/x', { schema: { ...documented('x'), response } }, async () => ({ count: 1, more: true }))
    })
    expect((await server.app.inject('/x')).json()).toEqual({ count: 1, more: true })
  })

  it('is not cached, not sniffed and no page', async () => {
    await using server = await appWith(list)
    const { headers } = await server.app.inject('/v1/runs')
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['content-security-policy']).toContain('sandbox')
  })
})

it('leaves a body to the handler where the route says so, and nothing else', async () => {
  const body = Type.Object({ a: Type.String() }, CLOSED)
  await using server = await appWith(async (app) => {
    const options = { schema: { ...documented('x'), body }, validatorCompiler: bodyCheckedByHandler }
    app.post('/x', options, async (request) => ({ got: request.body }))
  })
  const post = (url: string) => server.app.inject({ method: 'POST', url, payload: { b: 1 } })
  expect((await post('/x')).json()).toEqual({ got: { b: 1 } })
  expect((await post('/x?c=1')).statusCode).toBe(400)
})

it('measures requests by route, not by path', async () => {
  await using server = await appWith(list)
  await server.app.inject('/v1/streams/run/1/events')
  await server.app.inject('/v1/made-up')
  const { body, headers } = await server.app.inject('/metrics')
  expect(headers['content-type']).toMatch('text/plain')
  expect(body).toContain(
    'daybook_http_requests_total{method="GET",route="/v1/streams/:kind/:id/events",status="200",service="test"} 1',
  )
  expect(body).toContain(
    'daybook_http_requests_total{method="GET",route="none",status="404",service="test"} 1',
  )
  expect(body).not.toContain('made-up')
})
