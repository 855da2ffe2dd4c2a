import { DaybookError } from '@daybook/errors'
import { expect, it } from 'vitest'
import { createHealth } from '../src/index.ts'
import { appWith } from './fixture.ts'

it('is ready when every check is', async () => {
  const health = createHealth()
  health.addCheck('database', () => ({ ok: true }))
  expect(await health.readiness()).toEqual({ ready: true, checks: { database: { ok: true } } })
})

it('says of each check why it is not ready, and leaks nothing', async () => {
  const health = createHealth({ timeoutMs: 20 })
  health.addCheck('relay', () => ({ ok: false, reason: 'behind by 12 events' }))
  health.addCheck('database', () => Promise.reject(new Error('postgres://a:canary@localhost refused')))
  health.addCheck('bus', () => Promise.reject(new DaybookError('unavailable', 'NATS cannot be reached.')))
  health.addCheck('disk', () => new Promise(() => undefined))
  expect(await health.readiness()).toEqual({
    ready: false,
    checks: {
      relay: { ok: false, reason: 'behind by 12 events' },
      database: { ok: false, reason: 'the check failed' },
      bus: { ok: false, reason: 'NATS cannot be reached.' },
      disk: { ok: false, reason: 'no answer within 20 ms' },
    },
  })
})

it('asks once for callers that come at the same time', async () => {
  let asked = 0
  const health = createHealth()
  health.addCheck('database', async () => {
    asked += 1
    return { ok: true }
  })
  await Promise.all([health.readiness(), health.readiness(), health.readiness()])
  expect(asked).toBe(1)
  await health.readiness()
  expect(asked).toBe(2)
})

it('refuses a second check of the same name', () => {
  const health = createHealth()
  health.addCheck('database', () => ({ ok: true }))
  expect(() => health.addCheck('database', () => ({ ok: true }))).toThrow('named database')
})

it('answers /healthz while checks fail, and /readyz with 503 and the reasons', async () => {
  await using server = await appWith()
  const { app, health } = server
  expect((await app.inject('/readyz')).statusCode).toBe(200)
  health.addCheck('database', () => ({ ok: false, reason: 'no connection' }))
  expect((await app.inject('/healthz')).statusCode).toBe(200)
  const readyz = await app.inject('/readyz')
  expect(readyz.statusCode).toBe(503)
  expect(readyz.json()).toEqual({
    ready: false,
    checks: { database: { ok: false, reason: 'no connection' } },
  })
})
