import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findNatsServer, startNatsServer } from '../src/index.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('findNatsServer', () => {
  it('takes the one that is named, then the newest in the cache, then one on the PATH that is not too old', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'daybook-nats-'))
    const fake = async (version: string, ...path: string[]) => {
      const file = join(folder, ...path)
      await mkdir(join(file, '..'), { recursive: true })
      await writeFile(file, `#!/bin/sh\necho nats-server: v${version}\n`, { mode: 0o755 })
      return file
    }
    await fake('2.9.10', 'old', 'nats-server')
    const onPath = await fake('2.14.3', 'bin', 'nats-server')
    const path = ['/nowhere', join(folder, 'old'), join(folder, 'bin')].join(':')
    const env = { DAYBOOK_CACHE: join(folder, 'cache'), PATH: path }
    expect(await findNatsServer(env)).toBe(onPath)
    await fake('2.14.9', 'cache', 'nats-server-2.14.9', 'nats-server')
    const newest = await fake('2.15.1', 'cache', 'nats-server-2.15.1', 'nats-server')
    expect(await findNatsServer(env)).toBe(newest)
    expect(await findNatsServer({ ...env, DAYBOOK_NATS_SERVER: onPath })).toBe(onPath)
    await rm(folder, { recursive: true })
  })

  it('says what to do when there is none', async () => {
    await expect(findNatsServer({ DAYBOOK_CACHE: '/nowhere', PATH: '' })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})

describe('startNatsServer', () => {
  it('ends a server that a killed parent left on the same store, and no other program', async () => {
    const storeDir = await mkdtemp(join(tmpdir(), 'daybook-nats-'))
    const binary = await findNatsServer(process.env)
    const port = await freePort()
    await using first = await startNatsServer({ binary, host: '127.0.0.1', port, storeDir })
    const { pid: config } = first
    await first.kill()
    const leftover = spawn(binary, ['--config', join(storeDir, 'nats.conf')], { stdio: 'ignore' })
    await writeFile(join(storeDir, 'nats.pid'), String(leftover.pid))
    {
      await using second = await startNatsServer({
        binary,
        host: '127.0.0.1',
        port: await freePort(),
        storeDir,
      })
      expect(isAlive(leftover.pid ?? 0)).toBe(false)
      expect(second.pid).not.toBe(config)
    }
    const bystander = spawn('sleep', ['60'])
    await writeFile(join(storeDir, 'nats.pid'), String(bystander.pid))
    {
      await using third = await startNatsServer({ binary, host: '127.0.0.1', port, storeDir })
      expect(third.pid).toBeGreaterThan(0)
      expect(isAlive(bystander.pid ?? 0)).toBe(true)
    }
    bystander.kill()
    await rm(storeDir, { recursive: true })
  })

  it('fails with the log’s place when the server cannot start', async () => {
    const storeDir = await mkdtemp(join(tmpdir(), 'daybook-nats-'))
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const start = startNatsServer({
      binary: await findNatsServer(process.env),
      host: '127.0.0.1',
      port,
      storeDir,
      readyWithinMs: 1_500,
    })
    await expect(start).rejects.toThrow(join(storeDir, 'nats.log'))
    expect(await readFile(join(storeDir, 'nats.log'), 'utf8')).toContain('address already in use')
    taken.close()
    await rm(storeDir, { recursive: true })
  })
})
