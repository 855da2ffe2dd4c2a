import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startNats } from '../src/nats.ts'

describe('startNats', () => {
  it('starts a server with JetStream that takes messages of 4 MiB', async () => {
    await using nats = await startNats()
    expect(await greeting(nats.port)).toMatchObject({ jetstream: true, max_payload: 4 * 1024 * 1024 })
  })

  it('comes back on the same port and store after a crash', async () => {
    await using nats = await startNats()
    const before = await greeting(nats.port)
    await nats.kill()
    await expect(greeting(nats.port)).rejects.toThrow(/ECONNREFUSED/)
    await nats.restart()
    const after = await greeting(nats.port)
    expect(after['server_id']).not.toBe(before['server_id'])
    expect(existsSync(nats.storeDir)).toBe(true)
  })

  it('removes its store at the end', async () => {
    let storeDir: string
    {
      await using nats = await startNats()
      storeDir = nats.storeDir
    }
    expect(existsSync(storeDir)).toBe(false)
  })

  it('keeps a store that it was given', async () => {
    await using first = await startNats()
    await first.kill()
    {
      await using second = await startNats({ storeDir: first.storeDir })
      expect(second.storeDir).toBe(first.storeDir)
    }
    expect(existsSync(first.storeDir)).toBe(true)
  })
})

/** What the server says of itself to a new connection. */
async function greeting(port: number): Promise<Record<string, unknown>> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [line] = await once(socket, 'data')
    return JSON.parse(String(line).replace(/^INFO /, ''))
  } finally {
    socket.destroy()
  }
}
