import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { expect, it } from 'vitest'
import { documented, fetch, json, startGateway, startService } from './fixture.ts'

interface Document {
  paths: Record<string, object>
  components: { schemas: object; securitySchemes: { token?: object } }
  'x-daybook-missing'?: string[]
}

const journal: HttpPlugin = async (app) => {
  const body = Type.Object({ events: Type.Array(Type.Unknown()) }, { additionalProperties: false })
  app.post('/v1/events', { schema: { ...documented('appendEvents'), body } }, async () => ({}))
}
const projection: HttpPlugin = async (app) => {
  const params = Type.Object({ id: Type.String() }, { additionalProperties: false })
  app.get('/v1/events', { schema: documented('listEvents') }, async () => ({}))
  app.get('/v1/runs/:id', { schema: { ...documented('getRun'), params } }, async () => ({}))
  app.get('/internal', { schema: documented('internal') }, async () => ({}))
}

const inbound: HttpPlugin = async (app) => {
  const schema = documented('receiveHook')
  app.post('/v1/hooks', { schema, config: { scope: 'public' } }, async () => ({}))
}

const cron: HttpPlugin = async (app) => {
  app.patch('/v1/cron/jobs', { schema: documented('updateJob') }, async () => ({}))
}

it('serves one OpenAPI document for all services', async () => {
  await using writes = await startService('journal', journal)
  await using reads = await startService('projection', projection)
  await using receives = await startService('inbound', inbound)
  await using schedules = await startService('cron', cron)
  const upstreams = { journal: writes.url, projection: reads.url, inbound: receives.url, cron: schedules.url }
  await using gateway = await startGateway(upstreams)
  const document = await json<Document>(await fetch(`${gateway.url}/v1/openapi.json`))
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Daybook' } })
  expect(Object.keys(document.paths).toSorted()).toEqual([
    '/v1/cron/jobs',
    '/v1/events',
    '/v1/hooks',
    '/v1/openapi.json',
    '/v1/runs/{id}',
    '/v1/tokens',
    '/v1/tokens/{id}',
  ])
  expect(Object.keys(document.paths['/v1/events'] ?? {}).toSorted()).toEqual(['get', 'post'])
  expect(document.components.schemas).toHaveProperty('Problem')
  // What the page's "Authorize" asks for, and what each operation says it needs.
  expect(document.components.securitySchemes.token).toMatchObject({ type: 'http', scheme: 'bearer' })
  expect(document.paths['/v1/tokens']).toMatchObject({ post: { security: [{ token: ['admin'] }] } })
  expect(document.paths['/v1/openapi.json']).not.toMatchObject({ get: { security: expect.anything() } })
  expect(document.paths['/v1/hooks']).not.toMatchObject({ post: { security: expect.anything() } })
  expect(document).not.toHaveProperty('x-daybook-missing')
})

it('serves what there is and names the service that is away', async () => {
  await using reads = await startService('projection', projection)
  await using gateway = await startGateway({ projection: reads.url })
  const document = await json<Document>(await fetch(`${gateway.url}/v1/openapi.json`))
  expect(document['x-daybook-missing']).toEqual(['journal', 'inbound', 'cron'])
  expect(document.paths['/v1/runs/{id}']).toBeDefined()
})

it('serves a page for people whose parts all come from the gateway', async () => {
  await using gateway = await startGateway({})
  // Who has no token yet must be able to look it up: the page and its parts ask for none.
  const { fetch } = globalThis
  const page = await fetch(`${gateway.url}/`)
  expect(page.url).toBe(`${gateway.url}/docs`)
  const policy = page.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'; script-src 'self';")
  const html = await page.text()
  const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, source]) => new URL(source ?? '', page.url),
  )
  expect(sources.length).toBeGreaterThan(4)
  for (const source of sources) {
    expect(source.origin).toBe(gateway.url)
    const response = await fetch(source)
    expect([source.pathname, response.status]).toEqual([source.pathname, 200])
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    await response.arrayBuffer()
  }
  expect(html).not.toMatch(/<script(?![^>]*src=)/)
})

it('gives the page the merged document', async () => {
  await using writes = await startService('journal', journal)
  await using gateway = await startGateway({ journal: writes.url })
  const script = await (await fetch(`${gateway.url}/docs/static/swagger-initializer.js`)).text()
  expect(script).toContain("resolveUrl('./json')")
  const response = await fetch(`${gateway.url}/docs/json`)
  expect(response.url).toBe(`${gateway.url}/v1/openapi.json`)
  const { paths } = await json<Document>(response)
  expect(paths['/v1/events']).toMatchObject({ post: { operationId: 'appendEvents' } })
})

it('is ready when the services are, and says why it is not', async () => {
  await using writes = await startService('journal', journal)
  await using reads = await startService('projection', projection)
  await using receives = await startService('inbound', inbound)
  await using schedules = await startService('cron', cron)
  const upstreams = { journal: writes.url, projection: reads.url, inbound: receives.url, cron: schedules.url }
  await using gateway = await startGateway(upstreams)
  const ready = await fetch(`${gateway.url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      ready: true,
      checks: {
        journal: { ok: true },
        projection: { ok: true },
        inbound: { ok: true },
        cron: { ok: true },
        database: { ok: true },
      },
    },
  ])
  reads.health.addCheck('lag', () => ({ ok: false, reason: '12 events behind' }))
  await writes[Symbol.asyncDispose]()
  const waiting = await fetch(`${gateway.url}/readyz`)
  expect(waiting.status).toBe(503)
  expect((await json(waiting))['checks']).toEqual({
    journal: { ok: false, reason: 'cannot be reached' },
    projection: { ok: false, reason: 'lag: 12 events behind' },
    inbound: { ok: true },
    cron: { ok: true },
    database: { ok: true },
  })
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
})
