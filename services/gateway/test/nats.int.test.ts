import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, inboxOfService, inboxOfToken, readBusKey } from '@daybook/bus'
import { subjects } from '@daybook/events'
import { createLogger } from '@daybook/runtime'
import { createTempFolder, startNats, waitFor } from '@daybook/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { admitHolders } from '../src/nats/admit.ts'
import { writeNatsKeys } from '../src/nats/key-files.ts'
import { openTokens } from '../src/tokens/authenticate.ts'
import { insertToken, revokeToken } from '../src/tokens/store.ts'
import { hashOf, makeToken, textOf } from '../src/tokens/token.ts'
import { ADMIN_TOKEN, sharedDatabase } from './fixture.ts'

const timeoutMs = 20_000
const silent = createLogger({ service: 'test', level: 'silent' })
const actor = { kind: 'agent', id: 'writer' } as const

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const folder = stack.use(await createTempFolder())
await writeNatsKeys(folder.path)
const read = async (...path: string[]) => (await readFile(join(folder.path, ...path), 'utf8')).trim()
const server = stack.use(await startNats({ accounts: await read('nats', 'accounts.conf') }))
const database = await sharedDatabase()

async function connectService(service: 'journal' | 'gateway') {
  const nkeySeed = await read(service, 'nkey.seed')
  const inboxPrefix = inboxOfService(service)
  return connectBus({ servers: server.url, name: service, nkeySeed, inboxPrefix, wait: true })
}

async function connectHolder(token: string) {
  const inboxPrefix = inboxOfToken(token.split('_')[1] ?? '')
  return connectBus({ servers: server.url, name: 'holder', token, inboxPrefix, wait: true, waitMs: 2_000 })
}

async function issue(ttlMs = 60_000): Promise<{ id: string; text: string }> {
  const token = makeToken()
  await insertToken(database, 'acme', {
    id: token.id,
    name: 'test',
    actor,
    scopes: ['append'],
    secretHash: hashOf(token.secret),
    expiresAt: new Date(Date.now() + ttlMs).toISOString(),
    createdBy: 'user:test',
  })
  return { id: token.id, text: textOf(token) }
}

const gateway = stack.use(await connectService('gateway'))
const tokens = openTokens({ database, adminToken: ADMIN_TOKEN, logger: silent })
stack.use(
  admitHolders(
    { bus: gateway, issuerSeed: await read('gateway', 'issuer.seed') },
    { tokens, logger: silent },
  ),
)
const journal = stack.use(await connectService('journal'))
stack.use(journal.respond(subjects.appendByAnybody, 'journal', ({ subject }) => subject))
stack.use(journal.respond(subjects.rpc('*', 'journal', 'append'), 'journal', ({ subject }) => subject))

describe('a token of the gateway', () => {
  it('opens NATS as it opens HTTP: its tenant, its actor, its scopes', async () => {
    const { text } = await issue()
    await using holder = await connectHolder(text)
    const own = subjects.appendBy('acme', actor)
    expect((await holder.request(own, '', { timeoutMs })).text()).toBe(own)
    await expect(
      holder.request(subjects.rpc('acme', 'journal', 'append'), '', { timeoutMs }),
    ).rejects.toMatchObject({
      code: 'unsafe-configuration',
    })
  })

  it('of the setting opens it for the admin of main', async () => {
    await using holder = await connectHolder(ADMIN_TOKEN)
    const plain = subjects.rpc('main', 'journal', 'append')
    expect((await holder.request(plain, '', { timeoutMs })).text()).toBe(plain)
  })

  it('opens nothing with another secret', async () => {
    const { id } = await issue()
    const text = textOf({ id, secret: makeToken().secret })
    await expect(connectHolder(text)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Authorization Violation/),
    })
  })

  it('is out within seconds after it was revoked, and does not come back', async () => {
    const { id, text } = await issue()
    await using holder = await connectHolder(text)
    await revokeToken(database, 'acme', id)
    await waitFor(() => !holder.connected, { timeoutMs: 10_000, what: 'the end of the connection' })
    await expect(connectHolder(text)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is out when it expires', async () => {
    const { text } = await issue(3_000)
    await using holder = await connectHolder(text)
    await waitFor(() => !holder.connected, { timeoutMs: 10_000, what: 'the end of the connection' })
  })
})

describe('the keys of a deployment', () => {
  it('stay when they are asked for again, and only their owner can read them', async () => {
    const files = [
      join('journal', 'nkey.seed'),
      join('projection', 'nkey.seed'),
      join('inbound', 'nkey.seed'),
      join('cron', 'nkey.seed'),
      join('gateway', 'nkey.seed'),
      join('gateway', 'issuer.seed'),
      join('nats', 'accounts.conf'),
    ]
    const before = await Promise.all(files.map((file) => read(file)))
    await writeNatsKeys(folder.path)
    expect(await Promise.all(files.map((file) => read(file)))).toEqual(before)
    const modes = await Promise.all(
      files.map(async (file) => (await stat(join(folder.path, file))).mode & 0o777),
    )
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600, 0o600, 0o600, 0o644])
  })

  it('are in no file but their own', async () => {
    const accounts = await read('nats', 'accounts.conf')
    expect(accounts).not.toMatch(/S[UA][A-Z2-7]{56}/)
  })

  it('are made for a service that a newer version brings, and the others stay', async () => {
    await using older = await createTempFolder()
    const readFrom = (...path: string[]) => readFile(join(older.path, ...path), 'utf8')
    await writeNatsKeys(older.path)
    const seeds = () =>
      Promise.all(['journal', 'inbound', 'gateway'].map((service) => readFrom(service, 'nkey.seed')))
    const before = await seeds()
    await rm(join(older.path, 'cron'), { recursive: true })
    await writeNatsKeys(older.path)
    expect(await seeds()).toEqual(before)
    const { publicKey } = readBusKey((await readFrom('cron', 'nkey.seed')).trim(), 'user')
    expect(await readFrom('nats', 'accounts.conf')).toContain(publicKey)
  })

  it('are not made over one that cannot be read', async () => {
    await using other = await createTempFolder()
    await writeNatsKeys(other.path)
    await writeFile(join(other.path, 'journal', 'nkey.seed'), 'broken')
    await expect(writeNatsKeys(other.path)).rejects.toMatchObject({ code: 'unsafe-configuration' })
    expect(await readFile(join(other.path, 'journal', 'nkey.seed'), 'utf8')).toBe('broken')
  })
})
