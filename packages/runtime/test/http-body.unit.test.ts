import { DaybookError } from '@daybook/errors'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptRawBodies, type HttpPlugin } from '../src/index.ts'
import { appWith, documented } from './fixture.ts'

const CANARY = 'canary-51c0'

const echo: HttpPlugin = async (app) => {
  const body = Type.Object(
    { name: Type.String(), count: Type.Optional(Type.Integer()) },
    { additionalProperties: false },
  )
  app.post('/echo', { schema: { ...documented('echo'), body } }, async (request) => request.body)
  app.post('/small', { schema: documented('small'), bodyLimit: 16 }, async (request) => request.body ?? null)
  app.post('/broken', { schema: documented('broken') }, async () => {
    throw Object.assign(new Error(`insert failed for ${CANARY}`), { detail: CANARY })
  })
  app.post('/refused', { schema: documented('refused') }, async () => {
    throw new DaybookError('seq-conflict', 'The stream is at 4. Reload it.', { details: { seq: 4 } })
  })
  app.post('/busy', { schema: documented('busy') }, async () => {
    throw new DaybookError('unavailable', 'The database cannot be reached.')
  })
  app.post('/full', { schema: documented('full') }, async () => {
    throw new DaybookError('overloaded', 'Come back.', { details: { retryAfterMs: 4_001 } })
  })
}
const raw: HttpPlugin = async (app) => {
  acceptRawBodies(app)
  app.post('/raw', { schema: documented('raw') }, async (request) => {
    const body: unknown = request.body
    return { bytes: Buffer.isBuffer(body) ? body.byteLength : -1 }
  })
}

describe('a JSON body', () => {
  let server: Awaited<ReturnType<typeof appWith>>
  beforeAll(async () => {
    server = await appWith(echo, raw)
  })
  afterAll(() => server.app.close())

  const post = (payload: string | Buffer, headers: Record<string, string> = {}, url = '/echo') =>
    server.app.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': 'application/json', ...headers },
    })

  it('reaches the handler as it was sent', async () => {
    const answer = await post('{"name":"a","count":1}')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({ name: 'a', count: 1 })
  })

  it.each([
    ['invalid-json', '{"name":'],
    ['invalid-json', ''],
    ['invalid-json', '{"name":"a"} {}'],
    ['duplicate-json-key', '{"name":"a","name":"b"}'],
    ['unsafe-number', '{"name":"a","count":9007199254740993}'],
    ['invalid-string', '{"name":"\\u0000"}'],
    ['invalid-string', '{"name":"\\ud800"}'],
    ['invalid-string', Buffer.from('{"name":"\xff"}', 'latin1')],
    ['json-too-deep', '['.repeat(41) + ']'.repeat(41)],
  ])('is refused with %s', async (code, payload) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toMatch('application/problem+json')
    expect(answer.json()).toMatchObject({
      code,
      type: `urn:daybook:error:${code}`,
      status: 400,
      retry: 'never',
    })
  })

  it('nested 500,000 deep is refused at once', async () => {
    const bomb = '['.repeat(500_000)
    const startedAt = performance.now()
    const answer = await post(bomb)
    expect(answer.json()).toMatchObject({ code: 'json-too-deep', status: 400 })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it.each([
    ['an unknown field', '{"name":"a","colour":"red"}', '/colour'],
    ['an own __proto__', '{"name":"a","__proto__":{"admin":true}}', '/__proto__'],
    ['a number where text belongs', '{"name":1}', '/name'],
    ['text where a number belongs', '{"name":"a","count":"1"}', '/count'],
    ['a missing field', '{"count":1}', ''],
    ['null', 'null', ''],
  ])('with %s is refused and the place is named', async (_what, payload, path) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    const problem = answer.json()
    expect(problem.code).toBe('invalid-request')
    expect(problem.details.faults).toEqual([{ in: 'body', path, message: expect.any(String) }])
  })

  it('over the limit of the server or of the route is refused', async () => {
    const tooLarge = await post(JSON.stringify({ name: 'x'.repeat(1_048_576) }))
    expect([tooLarge.statusCode, tooLarge.json().code]).toEqual([413, 'payload-too-large'])
    expect((await post('"0123456789"', {}, '/small')).statusCode).toBe(200)
    expect((await post('"0123456789012345"', {}, '/small')).statusCode).toBe(413)
  })

  it.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=latin1' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ])('sent as %o is refused', async (headers) => {
    const answer = await post('{"name":"a"}', headers)
    expect([answer.statusCode, answer.json().code]).toEqual([415, 'unsupported-media-type'])
  })

  it('is left alone in a plugin that takes raw bodies', async () => {
    const answer = await post('{"a":1,"a":2}', { 'content-type': 'text/plain' }, '/raw')
    expect(answer.json()).toEqual({ bytes: 13 })
    expect((await post('{"a":1,"a":2}', {}, '/raw')).json()).toEqual({ bytes: 13 })
  })

  it('comes back in neither the log nor the problem', async () => {
    const secrets = await Promise.all([
      post(`{"name":"a","count":"${CANARY}"}`),
      post(`{"name":"${CANARY}"`),
      post(
        `{"name":"a"}`,
        { authorization: `Bearer ${CANARY}`, cookie: CANARY },
        `/none/${CANARY}?key=${CANARY}`,
      ),
      post('{}', {}, '/broken'),
    ])
    expect(secrets.map(({ statusCode }) => statusCode)).toEqual([400, 400, 404, 500])
    expect(secrets.map(({ body }) => body).join('')).not.toContain(CANARY)
    const logged = server.lines.filter((line) => !line.includes('request failed'))
    expect(logged.join('')).not.toContain(CANARY)
  })

  it('leads to an internal problem that says nothing when the handler breaks', async () => {
    const answer = await post('{}', { 'x-request-id': 'find-me' }, '/broken')
    expect(answer.json()).toMatchObject({ code: 'internal', status: 500, requestId: 'find-me' })
    const failed = server.lines.filter((line) => line.includes('find-me') && line.includes('request failed'))
    expect(failed).toHaveLength(1)
    expect(failed[0]).not.toContain('"detail"')
  })

  it("gets the handler's own error with its details, and Retry-After where waiting helps", async () => {
    const conflict = await post('{}', {}, '/refused')
    expect(conflict.json()).toMatchObject({
      status: 409,
      code: 'seq-conflict',
      retry: 'never',
      details: { seq: 4 },
    })
    expect(conflict.headers['retry-after']).toBeUndefined()
    const busy = await post('{}', {}, '/busy')
    expect([busy.statusCode, busy.headers['retry-after']]).toEqual([503, '1'])
  })

  it('is told with 429 how long to wait when its own limit is reached', async () => {
    const full = await post('{}', {}, '/full')
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '5'])
    expect(full.json()).toMatchObject({ status: 429, code: 'overloaded', retry: 'later' })
  })
})
