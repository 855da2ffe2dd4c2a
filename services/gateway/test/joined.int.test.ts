import type { HttpPlugin } from '@daybook/runtime'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { asAdmin, documented, json, startGateway, startService } from './fixture.ts'

/** A service that has one read model, and tells it to who has the scope for it. */
function listing(name: string, scope: 'read' | 'approve' = 'read'): HttpPlugin {
  return async (app) => {
    app.get('/v1/projections', { schema: documented('listProjections'), config: { scope } }, async () => ({
      projections: [{ name }],
    }))
    app.post(
      '/v1/projections/:name/rebuild',
      {
        schema: {
          ...documented('rebuild'),
          params: Type.Object({ name: Type.String() }, { additionalProperties: false }),
        },
        config: { scope },
      },
      async (request) => ({ by: name, asked: request.params.name }),
    )
  }
}

async function ask(url: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(`${url}${path}`, { headers: asAdmin, ...init })
  return { status: answer.status, body: await json(answer) }
}

describe('the read models of several services', () => {
  it('are one list', async () => {
    await using projection = await startService('projection', listing('runs'))
    await using inbound = await startService('inbound', listing('inbound'))
    await using cron = await startService('cron', listing('cron'))
    await using gateway = await startGateway({
      projection: projection.url,
      inbound: inbound.url,
      cron: cron.url,
    })
    expect(await ask(gateway.url, '/v1/projections')).toEqual({
      status: 200,
      body: { projections: [{ name: 'runs' }, { name: 'inbound' }, { name: 'cron' }] },
    })
  })

  // Without `missing`, who asks takes the rest for all there is.
  it('are listed without those of a service that is away, which is named', async () => {
    await using projection = await startService('projection', listing('runs'))
    await using gateway = await startGateway({ projection: projection.url })
    expect(await ask(gateway.url, '/v1/projections')).toEqual({
      status: 200,
      body: { projections: [{ name: 'runs' }], missing: ['inbound', 'cron'] },
    })
  })

  it('are named as missing when a service answers something else', async () => {
    const nonsense: HttpPlugin = async (app) => {
      app.get('/v1/projections', { schema: documented('listProjections') }, async () => ['none'])
    }
    await using projection = await startService('projection', listing('runs'))
    await using inbound = await startService('inbound', nonsense)
    await using gateway = await startGateway({ projection: projection.url, inbound: inbound.url })
    expect((await ask(gateway.url, '/v1/projections')).body).toMatchObject({ missing: ['inbound', 'cron'] })
  })

  it('are unavailable when no service answers', async () => {
    await using gateway = await startGateway({})
    expect(await ask(gateway.url, '/v1/projections')).toMatchObject({
      status: 503,
      body: { code: 'unavailable', detail: expect.stringContaining('projection and inbound and cron') },
    })
  })

  it('are refused in the words of the service: what it does not take, and who may not ask', async () => {
    await using projection = await startService('projection', listing('runs'))
    await using inbound = await startService('inbound', listing('inbound'))
    await using cron = await startService('cron', listing('cron'))
    await using gateway = await startGateway({
      projection: projection.url,
      inbound: inbound.url,
      cron: cron.url,
    })
    expect((await fetch(`${gateway.url}/v1/projections`)).status).toBe(401)
    expect(await ask(gateway.url, '/v1/projections?x=1')).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    })
  })

  it('are rebuilt where they are', async () => {
    await using projection = await startService('projection', listing('runs'))
    await using inbound = await startService('inbound', listing('inbound'))
    await using cron = await startService('cron', listing('cron'))
    await using gateway = await startGateway({
      projection: projection.url,
      inbound: inbound.url,
      cron: cron.url,
    })
    for (const [name, by] of [
      ['runs', 'runs'],
      ['inbound', 'inbound'],
      ['cron', 'cron'],
      ['inbound-of-mine', 'runs'],
    ])
      expect(await ask(gateway.url, `/v1/projections/${name}/rebuild`, { method: 'POST' })).toEqual({
        status: 200,
        body: { by, asked: name },
      })
  })
})
