import { once } from 'node:events'
import { get } from 'node:http'
import { type HttpPlugin, sendEvents } from '@daybook/runtime'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { insertToken } from '../src/tokens/store.ts'
import { hashOf, makeToken, textOf } from '../src/tokens/token.ts'
import {
  ADMIN_TOKEN,
  documented,
  fetch,
  json,
  sharedDatabase,
  startGateway,
  startService,
  until,
} from './fixture.ts'
import { startTokens } from './journal-of-tokens.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const tokens = stack.use(await startTokens())
const { gateway, journal, make, revoke, list, statusOf } = tokens

/** A token that is in the table and was never handed out by a gateway, with another end than one could ask for. */
async function keep(expiresAt: string, tenant = 'main'): Promise<string> {
  const token = makeToken()
  await insertToken(await sharedDatabase(), tenant, {
    id: token.id,
    name: 'kept',
    actor: { kind: 'user', id: 'ann' },
    scopes: ['admin'],
    secretHash: hashOf(token.secret),
    expiresAt,
    createdBy: 'user:ann',
  })
  return textOf(token)
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()

describe('a token', () => {
  it('makes its holder the actor it names, in the tenant of who made it, with its scopes', async () => {
    const { token } = await make({ scopes: ['read', 'append'], actor: { kind: 'agent', id: 'release-bot' } })
    expect(await tokens.callerOf(token)).toEqual({
      tenant: 'main',
      actor: { kind: 'agent', id: 'release-bot' },
      scopes: ['read', 'append'],
    })
    const { token: named } = await make({ name: 'Ann' })
    expect(await tokens.callerOf(named)).toMatchObject({ actor: { kind: 'user', id: 'Ann' } })
  })

  it('is good for 90 days unless said otherwise, and for a year at most', async () => {
    const daysLeft = async (wish: object) =>
      Math.round((Date.parse((await make(wish)).expiresAt) - Date.now()) / 86_400_000)
    expect(await daysLeft({})).toBe(90)
    expect(await daysLeft({ ttlSeconds: 366 * 86_400 })).toBe(366)
    await expect(make({ ttlSeconds: 367 * 86_400 })).rejects.toThrow('invalid-request')
  })

  it('is kept as a hash of its secret, and shown once', async () => {
    const { token, id } = await make()
    const { rows } = await sql<{
      row: string
    }>`select tokens::text as row from gateway.tokens where id = ${id}`.execute(
      (await sharedDatabase()).kysely,
    )
    const [, , secret = ''] = token.split('_')
    expect(secret).toMatch(/^[a-z0-9]{50}$/)
    expect(rows[0]?.row).toContain(hashOf(secret).toString('hex'))
    expect(rows[0]?.row).not.toContain(secret)
    expect(JSON.stringify(await list())).not.toContain(secret)
  })

  it('opens nothing with another secret, another id, or in another form', async () => {
    const { token, id } = await make()
    const other = await make()
    const [, , secret] = token.split('_')
    for (const wrong of [
      `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
      `dbk_${other.id}_${secret}`,
      `dbk_${'z'.repeat(13)}_${secret}`,
      `dbk_${id}`,
      `${token}x`,
      token.toUpperCase(),
      `dbk_admin_${secret}`,
      ADMIN_TOKEN.slice(0, -1),
      'x',
    ])
      expect([wrong, await statusOf(wrong)]).toEqual([wrong, 401])
    expect(await statusOf(token)).toBe(200)
  })

  it('counts in the header only', async () => {
    const { token } = await make()
    const bare = globalThis.fetch
    expect((await bare(`${gateway.url}/v1/checkpoint?access_token=${token}`)).status).toBe(401)
    const basic = Buffer.from(`x:${token}`).toString('base64')
    for (const authorization of [`Basic ${basic}`, token, `Bearer ${token} ${token}`, 'Bearer'])
      expect((await bare(`${gateway.url}/v1/checkpoint`, { headers: { authorization } })).status).toBe(401)
    const authorization = `bearer ${token}`
    expect((await bare(`${gateway.url}/v1/checkpoint`, { headers: { authorization } })).status).toBe(200)
  })

  it('opens nothing once its time is over', async () => {
    const token = await keep(inSeconds(1))
    expect(await statusOf(token)).toBe(200)
    await waitFor(async () => (await statusOf(token)) === 401, { timeoutMs: 3_000, what: 'its end' })
  })

  it('tells when it was used, to the minute', async () => {
    const { id, token } = await make()
    const usedAt = async () => (await list()).tokens.find((each) => each['id'] === id)?.['usedAt']
    expect(await usedAt()).toBeNull()
    await statusOf(token)
    await waitFor(async () => (await usedAt()) !== null, { what: 'the note' })
  })
})

describe('a token that is revoked', () => {
  it('opens nothing any more within the bound, at every gateway that knew it', async () => {
    await using second = await startGateway({ journal: journal.url, projection: journal.url })
    const { id, token } = await make()
    expect([await statusOf(token), await statusOf(token, second.url)]).toEqual([200, 200])
    const from = performance.now()
    const revoked = await revoke(id)
    expect([revoked.status, await json(revoked)]).toMatchObject([200, { id, revokedAt: expect.any(String) }])
    for (const url of [gateway.url, second.url])
      await waitFor(async () => (await statusOf(token, url)) === 401, { timeoutMs: 5_000, what: url })
    expect(performance.now() - from).toBeLessThan(5_000)
  })

  it('ends the event streams that were opened with it', async () => {
    const endless: HttpPlugin = async (app) => {
      app.get('/v1/events', { schema: documented('tail'), config: { scope: 'read' } }, (_request, reply) =>
        sendEvents(reply, async function* (signal) {
          yield [{ data: 'first' }]
          await once(signal, 'abort')
        }),
      )
    }
    await using service = await startService('projection', endless)
    await using door = await startGateway({ journal: journal.url, projection: service.url })
    const open = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` }
      const [response] = await once(get(`${door.url}/v1/events`, { headers }), 'response')
      const stream = { text: '', ended: false }
      response.on('data', (chunk: Buffer) => void (stream.text += String(chunk)))
      response.on('end', () => void (stream.ended = true))
      await until(() => stream.text.includes('first'))
      return stream
    }
    const { id, token } = await make()
    const [theirs, ours] = [await open(token), await open(ADMIN_TOKEN)]
    await revoke(id)
    await waitFor(() => theirs.ended, { timeoutMs: 7_000, what: 'the end of the stream' })
    expect(ours.ended).toBe(false)
  })

  it('may be revoked again, and nothing changes', async () => {
    const { id } = await make()
    const first = await json(await revoke(id))
    expect(await json(await revoke(id))).toEqual(first)
  })

  it('is revoked even while the journal is away, which is told when it is asked again', async () => {
    const { id, token } = await make()
    await using alone = await startGateway({ projection: journal.url })
    const cut = await fetch(`${alone.url}/v1/tokens/${id}`, { method: 'DELETE' })
    expect([503, 504]).toContain(cut.status)
    await waitFor(async () => (await statusOf(token)) === 401, { timeoutMs: 5_000, what: 'its end' })
    expect((await revoke(id)).status).toBe(200)
    expect(journal.told.at(-1)?.event).toMatchObject({ type: 'TOKEN_REVOKED', data: { tokenId: id } })
  }, 30_000)
})

describe('the journal', () => {
  it('is told who made and who revoked a token, and never its secret', async () => {
    const ann = await make({ scopes: ['admin'], name: 'ann' })
    const { id, token } = await make({ scopes: ['read'], name: 'for a day' }, ann.token)
    await revoke(id, ann.token)
    const told = journal.told.filter(({ event }) => event.stream === `token/${id}`)
    expect(told).toMatchObject([
      {
        caller: { tenant: 'main', actor: { kind: 'user', id: 'ann' }, service: 'gateway' },
        event: { type: 'TOKEN_CREATED', data: { tokenId: id, name: 'for a day', scopes: ['read'] } },
      },
      { event: { type: 'TOKEN_REVOKED', data: { tokenId: id } } },
    ])
    const [, , secret = ''] = token.split('_')
    expect(JSON.stringify(told)).not.toContain(secret)
    expect(JSON.stringify(told)).not.toContain(hashOf(secret).toString('hex'))
  })

  it('has to be there for a token to be made', async () => {
    await using alone = await startGateway({ projection: journal.url })
    const before = (await list('?limit=1')).tokens[0]?.['id']
    const refused = await fetch(`${alone.url}/v1/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x', scopes: ['read'] }),
    })
    expect([503, 504]).toContain(refused.status)
    expect((await list('?limit=1')).tokens[0]?.['id']).toBe(before)
  }, 30_000)
})

describe('the tokens of a tenant', () => {
  it('are listed page by page, the newest first', async () => {
    const made = [await make(), await make(), await make()].map(({ id }) => id)
    const first = await list('?limit=2')
    const second = await list(`?limit=1&cursor=${first.next}`)
    const ids = [...first.tokens, ...second.tokens].map((token) => token['id'])
    expect(ids).toEqual(made.toReversed())
  })

  it('are seen, made and revoked by its own admins only', async () => {
    const theirs = await keep(inSeconds(600), 'acme')
    const { id, token } = await make()
    expect((await list('', theirs)).tokens.map((each) => each['name'])).toEqual(['kept'])
    expect((await revoke(id, theirs)).status).toBe(404)
    expect(await statusOf(token)).toBe(200)
    const { token: made } = await make({}, theirs)
    expect(await tokens.callerOf(made)).toMatchObject({ tenant: 'acme' })
    expect((await list('', theirs)).tokens).toHaveLength(2)
  })

  it.each(['read', 'append', 'approve'])('are no business of a token with %s', async (scope) => {
    const { token, id } = await make({ scopes: [scope] })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const url = `${gateway.url}/v1/tokens`
    const body = JSON.stringify({ name: 'x', scopes: [scope] })
    for (const asked of [
      fetch(url, { headers }),
      fetch(url, { method: 'POST', headers, body }),
      fetch(`${url}/${id}`, { method: 'DELETE', headers: { authorization: headers.authorization } }),
    ])
      expect((await asked).status).toBe(403)
  })

  it.each([
    { name: '', scopes: ['read'] },
    { name: 'a\nb', scopes: ['read'] },
    { name: 'a', scopes: [] },
    { name: 'a', scopes: ['root'] },
    { name: 'a', scopes: ['read'], tenant: 'acme' },
    { name: 'a', scopes: ['read'], ttlSeconds: 59 },
  ])('are not made from %j', async (wish) => {
    await expect(make(wish)).rejects.toThrow('invalid-request')
  })
})
