import { freePort, startNats, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { connectBus } from '../src/index.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const timeoutMs = 10_000

describe('connection', () => {
  it('starts while the server is absent and attaches everything when it comes', async () => {
    const port = await freePort()
    const logger = recordingLogger()
    await using bus = await connectBus({ servers: `nats://127.0.0.1:${port}`, name: 'early' }, logger)
    const heard: string[] = []
    await using _responder = bus.respond('rpc.early', 'early', () => 'here')
    await using _listener = bus.listen('signal', (message) => void heard.push(message.text()))
    const batches: string[] = []
    await using _consumer = bus.consume(
      { stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' },
      async (batch) => {
        batches.push(...batch.map((delivery) => delivery.text()))
      },
    )
    expect(bus.connected).toBe(false)
    await waitFor(() => logger.messages().includes('NATS cannot be reached'), {
      timeoutMs,
      what: 'a line in the log',
    })

    await using _nats = await startNats({ port })
    await waitFor(() => bus.connected, { timeoutMs, what: 'the connection' })
    expect((await bus.request('rpc.early', '', { timeoutMs })).text()).toBe('here')
    bus.publish('signal', 'now')
    await waitFor(() => heard.length > 0, { timeoutMs, what: 'the signal' })
    await waitFor(async () => (await bus.streamState('DAYBOOK_QUEUE')) !== undefined, {
      timeoutMs,
      what: 'the stream',
    })
    await bus.publishQueued('daybook.queue.main.append', 'queued')
    await waitFor(() => batches.includes('queued'), { timeoutMs, what: 'the queued message' })
  })

  it('fails at once while there is no connection, and says that nothing was done', async () => {
    await using bus = await connectBus({ servers: `nats://127.0.0.1:${await freePort()}`, name: 'alone' })
    const unavailable = expect.objectContaining({ code: 'unavailable' })
    expect(() => bus.publish('a', '')).toThrow(unavailable)
    expect(await errorOf(bus.request('a', '', { timeoutMs: 60_000 }))).toEqual(unavailable)
    expect(await errorOf(bus.publishQueued('daybook.queue.main.append', ''))).toEqual(unavailable)
    expect(await errorOf(bus.streamState('DAYBOOK_EVENTS'))).toEqual(unavailable)
    expect(await errorOf(bus.ensureTopology())).toEqual(unavailable)
    const message = { subject: 'daybook.events.x', data: '', headers: {} }
    expect(await errorOf(bus.publishBatch('DAYBOOK_EVENTS', [message], 0))).toEqual(unavailable)
  })

  it('waits for the first connection when told to, and says where it looked in vain', async () => {
    const port = await freePort()
    const config = { servers: `nats://me:secret@127.0.0.1:${port}`, name: 'waiting', wait: true, waitMs: 200 }
    const error = await errorOf(connectBus(config))
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    expect(error).toMatchObject({ message: expect.not.stringContaining('secret') })
  })

  it('goes on after the server was killed and started again', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'patient', wait: true })
    const heard: string[] = []
    await using _responder = bus.respond('rpc.patient', 'patient', () => 'here')
    await using _listener = bus.listen('signal', (message) => void heard.push(message.text()))
    expect((await bus.request('rpc.patient', '', { timeoutMs })).text()).toBe('here')

    await nats.kill()
    await waitFor(() => !bus.connected, { timeoutMs, what: 'the loss to be noticed' })
    expect(await errorOf(bus.request('rpc.patient', '', { timeoutMs }))).toMatchObject({
      code: 'unavailable',
    })

    await nats.restart()
    await waitFor(() => bus.connected, { timeoutMs, what: 'the reconnection' })
    expect((await bus.request('rpc.patient', '', { timeoutMs })).text()).toBe('here')
    bus.publish('signal', 'again')
    await waitFor(() => heard.length > 0, { timeoutMs, what: 'the signal' })
  })

  it('does not let a caller wait when the connection is lost under its request', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'asking', wait: true })
    const entered = Promise.withResolvers<void>()
    const release = Promise.withResolvers<string>()
    await using _ = bus.respond('rpc.slow', 'slow', () => {
      entered.resolve()
      return release.promise
    })
    const asked = errorOf(bus.request('rpc.slow', '', { timeoutMs: 600_000 }))
    await entered.promise
    await nats.kill()
    expect(await asked).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('outcome is not known'),
    })
    release.resolve('')
  })

  it('closes at once when the server is gone', async () => {
    const nats = await startNats()
    const bus = await connectBus({ servers: nats.url, name: 'leaving', wait: true })
    await nats[Symbol.asyncDispose]()
    await waitFor(() => !bus.connected, { timeoutMs, what: 'the loss to be noticed' })
    await bus[Symbol.asyncDispose]()
    expect(bus.connected).toBe(false)
  })
})
