import { nkeys } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { natsOptions } from '../src/config.ts'

const options = (config: object) =>
  natsOptions({ servers: 'nats://127.0.0.1:4222', name: 'test', ...config }, () => 1)

describe('bus configuration', () => {
  it('takes several servers separated by commas', () => {
    expect(options({ servers: 'nats://a:4222, b:4333,tls://[::1]:4444' }).servers).toEqual([
      'nats://a:4222',
      'nats://b:4333',
      'tls://[::1]:4444',
    ])
  })

  it('reconnects for ever and notices a silent server within half a minute', () => {
    const { maxReconnectAttempts, ignoreAuthErrorAbort, pingInterval = 0, maxPingOut = 0 } = options({})
    expect(maxReconnectAttempts).toBe(-1)
    expect(ignoreAuthErrorAbort).toBe(true)
    expect(pingInterval * (maxPingOut + 1)).toBeLessThanOrEqual(30_000)
  })

  it('takes credentials out of an address, so that the address can be logged', () => {
    const { servers, user, pass } = options({ servers: 'nats://me:p%40ss:word@host:4222' })
    expect({ servers, user, pass }).toEqual({ servers: ['nats://host:4222'], user: 'me', pass: 'p@ss:word' })
    expect(options({ servers: 'nats://100%@host:4222' })).toMatchObject({ token: '100%' })
  })

  it('prefers the credentials of the configuration to those of the address', () => {
    const config = { servers: 'nats://me:old@host:4222', user: 'you', password: 'new' }
    expect(options(config)).toMatchObject({ user: 'you', pass: 'new' })
    expect(options({ token: 't' })).toMatchObject({ token: 't' })
  })

  it('signs with an nkey seed', () => {
    const pair = nkeys.createUser()
    const { authenticator } = options({ nkeySeed: new TextDecoder().decode(pair.getSeed()) })
    if (typeof authenticator !== 'function') throw new Error('no authenticator')
    expect(authenticator('nonce')).toMatchObject({ nkey: pair.getPublicKey() })
  })

  it.each([
    ['an nkey seed', { nkeySeed: 'SUNOTASEED' }, 'SUNOTASEED'],
    ['an address', { servers: 'nats://u:secret@' }, 'secret'],
    ['an empty address', { servers: '' }, '4222"'],
    ['an inbox prefix', { inboxPrefix: 'a b' }, '>'],
  ])('refuses %s that cannot be used, and quotes no secret', (_, config, secret) => {
    expect(() => options(config)).toThrow(expect.objectContaining({ code: 'unsafe-configuration' }))
    expect(() => options(config)).not.toThrow(secret)
  })
})
