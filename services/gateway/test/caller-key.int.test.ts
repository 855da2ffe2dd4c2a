import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeCallerKey } from '../src/caller-key.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daybook-keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

const services = ['gateway', 'journal', 'projection', 'inbound', 'cron']
const keys = () =>
  Promise.all(services.map((service) => readFile(join(folder, service, 'caller.key'), 'utf8')))

it('is the same for all services, long enough, and for the eyes of its owner only', async () => {
  await writeCallerKey(folder)
  const [key = '', ...others] = await keys()
  expect(key).toMatch(/^[0-9a-f]{64}\n$/)
  expect(others).toEqual([key, key, key, key])
  for (const service of services)
    expect((await stat(join(folder, service, 'caller.key'))).mode & 0o777).toBe(0o600)
})

it('stays over every later start, also for a service that lost it, and is another one when the gateway lost it', async () => {
  const [key = ''] = await keys()
  await writeFile(join(folder, 'journal', 'caller.key'), 'something else')
  await writeCallerKey(folder)
  expect(await keys()).toEqual([key, key, key, key, key])
  await rm(join(folder, 'gateway', 'caller.key'))
  await writeCallerKey(folder)
  const changed = await keys()
  expect(new Set(changed).size).toBe(1)
  expect(changed).not.toContain(key)
})
