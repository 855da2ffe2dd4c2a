import { subjects } from '@daybook/events'
import { startNats, waitFor } from '@daybook/testing'
import { Algorithms, encode } from '@nats-io/jwt'
import { connect, nkeys } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { answerCallouts, connectBus, createBusKeys, inboxOfService, natsAccounts } from '../src/index.ts'
import { admission, startGuardedNats } from './guarded-nats.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const timeoutMs = 10_000
const isStillGood = async () => true
/** What the library writes anew. */
const empty = { aud: '', jti: '', iat: 0, iss: '', name: '', sub: '', nats: {} }

describe('the answers to a server that asks who comes', () => {
  it('let a token in until it expires', async () => {
    await using nats = await startGuardedNats()
    const startedAtMs = Date.now()
    nats.tokens.set('short', { ...admission('short', 'main', 'append'), expiresAtMs: startedAtMs + 2_000 })
    const holder = await nats.dialHolder('short')
    const closed = holder.closed()
    nats.tokens.clear()
    expect(String(await closed)).toMatch(/expired/i)
    expect(Date.now() - startedAtMs).toBeLessThan(4_000)
    expect(String(await errorOf(nats.dialHolder('short')))).toMatch(/Authorization Violation/)
  })

  it('let no connection live longer than they say, so that a revoked token is out by then', async () => {
    await using nats = await startGuardedNats({ lifeMsMax: 2_000, isStillGood })
    nats.tokens.set('revoked', admission('revoked', 'main', 'append'))
    const startedAtMs = Date.now()
    const holder = await nats.dialHolder('revoked')
    nats.tokens.delete('revoked')
    await holder.closed()
    // Whole seconds, and a moment for the server.
    expect(Date.now() - startedAtMs).toBeLessThan(4_000)
    expect(String(await errorOf(nats.dialHolder('revoked')))).toMatch(/Authorization Violation/)
  })

  it('have the connections of a revoked token ended, and no others', async () => {
    await using nats = await startGuardedNats({ lookEveryMs: 50 })
    nats.tokens.set('revoked', admission('revoked', 'main', 'append'))
    nats.tokens.set('other', admission('other', 'main', 'append'))
    const [one, two, other] = await Promise.all(
      ['revoked', 'revoked', 'other'].map((token) => nats.dialHolder(token)),
    )
    nats.tokens.delete('revoked')
    await Promise.all([one?.closed(), two?.closed()])
    expect(String(await errorOf(nats.dialHolder('revoked')))).toMatch(/Authorization Violation/)
    await other?.flush()
    expect(other?.isClosed()).toBe(false)
    await other?.close()
  })

  it('let one that is still good come back by itself, with what it listens to', async () => {
    await using nats = await startGuardedNats({ lifeMsMax: 2_000 })
    nats.tokens.set('good', admission('good', 'main', 'read'))
    await using journal = await nats.connectService('journal')
    await using bus = await connectBus({
      servers: nats.server.url,
      name: 'holder',
      token: 'good',
      inboxPrefix: '_INBOX_good',
      wait: true,
    })
    const heard: string[] = []
    await using _ = bus.listen('daybook.events.main.>', (message) => void heard.push(message.text()))
    await waitFor(() => !bus.connected, { timeoutMs, what: 'the end of the connection' })
    await waitFor(() => bus.connected, { timeoutMs, what: 'the next connection' })
    await waitFor(
      () => {
        journal.publish('daybook.events.main.run.a.X', 'after')
        return heard.length > 0
      },
      { timeoutMs, what: 'an event' },
    )
  })

  it('are not needed by those that are in: while nobody gives them they go on, and nobody new comes in', async () => {
    const keys = createBusKeys()
    await using server = await startNats({ accounts: natsAccounts(keys) })
    const connectService = (service: 'journal' | 'gateway') => {
      const inboxPrefix = inboxOfService(service)
      const nkeySeed = keys.services[service].seed
      return connectBus({ servers: server.url, name: service, nkeySeed, inboxPrefix, wait: true })
    }
    const gateway = await connectService('gateway')
    const authenticate = async () => admission('a', 'main', 'append')
    const callouts = answerCallouts(gateway, { issuerSeed: keys.issuer.seed, authenticate, isStillGood })
    await using journal = await connectService('journal')
    await using _ = journal.respond(subjects.appendByAnybody, 'journal', () => 'kept')
    const dial = () => connect({ servers: server.url, token: 'a', inboxPrefix: '_INBOX_a', reconnect: false })
    const holder = await dial()
    await callouts[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    const { actor } = (await authenticate()).holder
    expect((await holder.request(subjects.appendBy('main', actor), '')).string()).toBe('kept')
    expect(String(await errorOf(dial()))).toMatch(/Authorization Violation|TIMEOUT/i)
    await holder.close()
  })

  it('take a token also where a client sends it as a password', async () => {
    await using nats = await startGuardedNats()
    nats.tokens.set('as-password', admission('as-password', 'main', 'append'))
    const holder = await connect({ servers: nats.server.url, user: 'anybody', pass: 'as-password' })
    expect(holder.info?.auth_required).toBe(true)
    await holder.close()
  })

  it('refuse everybody while tokens cannot be checked, and say so in the log only', async () => {
    const keys = createBusKeys()
    const logger = recordingLogger()
    await using server = await startNats({ accounts: natsAccounts(keys) })
    const { seed: nkeySeed } = keys.services.gateway
    const inboxPrefix = inboxOfService('gateway')
    await using gateway = await connectBus({
      servers: server.url,
      name: 'gateway',
      nkeySeed,
      inboxPrefix,
      wait: true,
    })
    const authenticate = () => Promise.reject(new Error('the database is away'))
    await using _ = answerCallouts(
      gateway,
      { issuerSeed: keys.issuer.seed, authenticate, isStillGood },
      logger,
    )
    const dialled = connect({ servers: server.url, token: 'canary', reconnect: false })
    expect(String(await errorOf(dialled))).toMatch(/Authorization Violation/)
    expect(logger.messages()).toEqual(['a token could not be checked; the connection is refused'])
    expect(JSON.stringify(logger.lines)).not.toContain('canary')
  })

  it('do not count when another key has signed them', async () => {
    const [keys, others] = [createBusKeys(), createBusKeys()]
    await using server = await startNats({ accounts: natsAccounts(keys) })
    const { seed: nkeySeed } = keys.services.gateway
    const inboxPrefix = inboxOfService('gateway')
    await using gateway = await connectBus({
      servers: server.url,
      name: 'gateway',
      nkeySeed,
      inboxPrefix,
      wait: true,
    })
    const authenticate = async () => admission('a', 'main', 'admin')
    await using _ = answerCallouts(gateway, { issuerSeed: others.issuer.seed, authenticate, isStillGood })
    expect(String(await errorOf(connect({ servers: server.url, token: 'a', reconnect: false })))).toMatch(
      /Authorization Violation/,
    )
  })

  it('are given to servers only, each to questions of its own', async () => {
    await using server = await startNats()
    await using bus = await connectBus({ servers: server.url, name: 'gateway', wait: true })
    const keys = createBusKeys()
    const authenticate = async () => admission('a', 'main', 'admin')
    await using _ = answerCallouts(bus, { issuerSeed: keys.issuer.seed, authenticate, isStillGood })
    const [own, other] = [nkeys.createServer(), nkeys.createServer()]
    const question = (serverId: string, aud: string) => ({
      aud,
      name: 'x',
      sub: 'x',
      nats: {
        server_id: { id: serverId },
        user_nkey: nkeys.createUser().getPublicKey(),
        client_info: { id: 1 },
        connect_opts: { auth_token: 'a' },
      },
    })
    const signed = (claims: object) => encode(Algorithms.v2, { ...empty, ...claims }, own)
    const audience = 'nats-authorization-request'
    const right = await signed(question(own.getPublicKey(), audience))
    expect((await bus.request('$SYS.REQ.USER.AUTH', right, { timeoutMs })).text()).toMatch(/^ey/)
    const wrong = [
      '',
      'hello',
      'a.b.c',
      `${right.slice(0, -4)}AAAA`,
      await signed(question(other.getPublicKey(), audience)),
      await signed(question(own.getPublicKey(), 'NATS')),
      await signed({ aud: audience, name: 'x', sub: 'x', nats: {} }),
    ]
    for (const text of wrong) {
      const error = await errorOf(bus.request('$SYS.REQ.USER.AUTH', text, { timeoutMs }))
      expect(error).toMatchObject({ code: 'invalid-request' })
    }
  })

  it('need the seed of an issuer', async () => {
    await using server = await startNats()
    await using bus = await connectBus({ servers: server.url, name: 'gateway', wait: true })
    const issuerSeed = createBusKeys().services.gateway.seed
    const act = () => answerCallouts(bus, { issuerSeed, authenticate: async () => undefined, isStillGood })
    expect(act).toThrow(expect.objectContaining({ code: 'unsafe-configuration' }))
    expect(act).not.toThrow(expect.objectContaining({ message: expect.stringContaining(issuerSeed) }))
  })
})
