import { rm } from 'node:fs/promises'
import { startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectBus, defineTopology, topology } from '../src/index.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const timeoutMs = 10_000
let nats: Awaited<ReturnType<typeof startNats>>

beforeAll(async () => {
  nats = await startNats()
})

afterAll(async () => {
  await nats[Symbol.asyncDispose]()
})

describe('topology', () => {
  it('is made once and then left alone', async () => {
    const logger = recordingLogger()
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true }, logger)
    await bus.ensureTopology()
    expect(logger.messages().filter((message) => message === 'stream created')).toHaveLength(3)
    expect(logger.messages().filter((message) => message === 'consumer created')).toHaveLength(
      topology.consumers.length,
    )
    const lines = logger.lines.length
    await bus.ensureTopology()
    expect(logger.lines).toHaveLength(lines)
  })

  it('is made by nobody who may not', async () => {
    await using empty = await startNats()
    await using bus = await connectBus({ servers: empty.url, name: 'test', makesTopology: false, wait: true })
    await bus.ensureTopology()
    expect(await bus.streamState('DAYBOOK_EVENTS')).toBeUndefined()
  })

  it('is made by several processes at once without a fight', async () => {
    await using other = await startNats()
    const config = { servers: other.url, name: 'test', wait: true }
    await using a = await connectBus(config)
    await using b = await connectBus(config)
    await using c = await connectBus(config)
    await Promise.all([a, b, c].map((bus) => bus.ensureTopology()))
    expect(await a.streamState('DAYBOOK_EVENTS')).toEqual({ firstSeq: 0, lastSeq: 0 })
  })

  it('brings changed limits to what is declared', async () => {
    const logger = recordingLogger()
    const changed = defineTopology({ eventsBytesMax: 64 * 1024 * 1024 })
    const consumers = changed.consumers.map((consumer) => ({ ...consumer, ackWaitMs: 7_000 }))
    const config = { servers: nats.url, name: 'test', wait: true, topology: { ...changed, consumers } }
    await using bus = await connectBus(config, logger)
    await bus.ensureTopology()
    expect(logger.messages().filter((message) => message === 'stream limits updated')).toHaveLength(1)
    expect(logger.messages().filter((message) => message === 'consumer limits updated')).toHaveLength(
      consumers.length,
    )
    const lines = logger.lines.length
    await bus.ensureTopology()
    expect(logger.lines).toHaveLength(lines)
  })

  it('makes a consumer anew that is to be acknowledged in another way', async () => {
    await using other = await startNats()
    const logger = recordingLogger()
    const acks = 'each' as const
    const consumers = topology.consumers.map((consumer) => ({ ...consumer, acks }))
    const config = { servers: other.url, name: 'test', wait: true }
    await using before = await connectBus({ ...config, topology: { ...topology, consumers } })
    await before.ensureTopology()
    await using bus = await connectBus(config, logger)
    await bus.ensureTopology()
    const inAnotherWay = topology.consumers.filter((consumer) => consumer.acks !== acks)
    expect(logger.messages().filter((message) => message === 'consumer created')).toHaveLength(
      inAnotherWay.length,
    )
  })

  it('says so when a stream cannot become what is declared', async () => {
    const streams = topology.streams.map((stream) => ({ ...stream, retention: 'limits' as const }))
    const config = { servers: nats.url, name: 'test', wait: true, topology: { streams, consumers: [] } }
    await using bus = await connectBus(config)
    expect(await errorOf(bus.ensureTopology())).toMatchObject({
      code: 'unsafe-configuration',
      message: expect.stringContaining('DAYBOOK_QUEUE'),
    })
  })

  it('is made again after the store was deleted', async () => {
    await using bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    await bus.ensureTopology()
    await bus.publishBatch('DAYBOOK_EVENTS', [{ subject: 'daybook.events.a', data: '', headers: {} }], 0)
    await nats.kill()
    await rm(nats.storeDir, { recursive: true, force: true })
    await nats.restart()
    await waitFor(() => bus.connected, { timeoutMs, what: 'the reconnection' })
    expect(await bus.streamState('DAYBOOK_EVENTS')).toBeUndefined()
    await bus.ensureTopology()
    expect(await bus.streamState('DAYBOOK_EVENTS')).toEqual({ firstSeq: 0, lastSeq: 0 })
  })
})
