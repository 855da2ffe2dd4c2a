import { rm } from 'node:fs/promises'
import { startNats, waitFor } from '@daybook/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bus, connectBus, defineTopology, type Topology } from '../src/index.ts'
import { recordingLogger } from './recorder.ts'

const QUEUE = { stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }
const EVENTS = { stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' }
const timeoutMs = 20_000
const declared = defineTopology()
/** A message that nobody settles comes again soon enough for a test. */
const quick: Topology = {
  ...declared,
  consumers: declared.consumers.map((consumer) => ({ ...consumer, ackWaitMs: 1_000 })),
}

let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus
const logger = recordingLogger()

beforeEach(async () => {
  nats = await startNats()
  bus = await connectBus({ servers: nats.url, name: 'test', wait: true }, logger)
  await bus.ensureTopology()
})

afterEach(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

const ignore = async (): Promise<void> => {}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n))

async function queue(texts: string[], by = bus): Promise<void> {
  await Promise.all(texts.map((text) => by.publishQueued('daybook.queue.main.append', text)))
}

/** Queues 0, 1, 2 …; what the server confirmed is noted. */
async function publishUntil(signal: AbortSignal, confirmed: string[]): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      await queue([String(n)])
      confirmed.push(String(n))
    } catch {
      await waitFor(() => bus.connected, { timeoutMs, what: 'the reconnection' })
    }
  }
}

/** How many messages the server still keeps for the consumer, delivered or not. */
async function left({ stream, durable } = QUEUE): Promise<number> {
  await using connection = await connect({ servers: nats.url.replace('nats://', '') })
  const manager = await jetstreamManager(connection)
  const { num_pending, num_ack_pending } = await manager.consumers.info(stream, durable)
  return num_pending + num_ack_pending
}

describe('consumer', () => {
  it('hands over what is there in batches, in order, one batch at a time', async () => {
    await queue(numbers(2_500))
    const sizes: number[] = []
    const texts: string[] = []
    let handling = 0
    await using consumer = bus.consume(
      QUEUE,
      async (batch) => {
        handling += 1
        expect(handling).toBe(1)
        await bus.streamState(QUEUE.stream)
        sizes.push(batch.length)
        texts.push(...batch.map((delivery) => delivery.text()))
        handling -= 1
      },
      { batchMax: 200 },
    )
    await waitFor(() => texts.length === 2_500, { timeoutMs, what: 'all messages' })
    expect(texts).toEqual(numbers(2_500))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200)
    expect(sizes.length).toBeLessThan(1_250)
    expect(consumer.lastDeliveryAt).toBeInstanceOf(Date)
    await waitFor(async () => (await left()) === 0, { timeoutMs, what: 'all to be acknowledged' })
  })

  it('settles whole batches by their last message where that is declared', async () => {
    const messages = numbers(1_000).map((n) => ({
      subject: `daybook.events.main.run.${n}.X`,
      data: n,
      headers: {},
    }))
    await bus.publishBatch(EVENTS.stream, messages, 0)
    await using connection = await connect({ servers: nats.url.replace('nats://', '') })
    let answers = 0
    connection.subscribe('$JS.ACK.DAYBOOK_EVENTS.>', { callback: () => void (answers += 1) })
    await connection.flush()
    await using _ = bus.consume(EVENTS, ignore, { batchMax: 100 })
    await waitFor(async () => (await left(EVENTS)) === 0, { timeoutMs, what: 'all to be acknowledged' })
    expect(answers).toBeLessThan(1_000 / 2)
  })

  it('gets only the subjects of its filter', async () => {
    const subjects = ['main.run.r1.RUN_CREATED', 'main.import.r1.RUN_IMPORTED', 'acme.run.r2.RUN_CREATED']
    const messages = subjects.map((rest) => ({ subject: `daybook.events.${rest}`, data: rest, headers: {} }))
    await bus.publishBatch(EVENTS.stream, messages, 0)
    const seen: string[] = []
    await using _ = bus.consume(
      EVENTS,
      async (batch) => void seen.push(...batch.map(({ subject }) => subject)),
    )
    await waitFor(() => seen.length === 2, { timeoutMs, what: 'both events' })
    expect(seen).toEqual(['daybook.events.main.run.r1.RUN_CREATED', 'daybook.events.acme.run.r2.RUN_CREATED'])
  })

  it('tries a failed batch again before what follows it', async () => {
    await queue(numbers(300))
    const handled: string[] = []
    let failures = 0
    await using _ = bus.consume(
      QUEUE,
      async (batch) => {
        if (failures < 3) {
          failures += 1
          throw new Error('database is away')
        }
        handled.push(...batch.map((delivery) => delivery.text()))
      },
      { batchMax: 100 },
    )
    await waitFor(() => handled.length >= 300, { timeoutMs, what: 'all messages' })
    expect(handled).toEqual(numbers(300))
    expect(logger.messages().filter((message) => message.startsWith('batch failed'))).toHaveLength(3)
  })

  it('tells how often a message was delivered before', async () => {
    const redeliveries: number[] = []
    await using _ = bus.consume(QUEUE, async (batch) => {
      redeliveries.push(...batch.map((delivery) => delivery.redeliveries))
      if (redeliveries.length < 3) throw new Error('not yet')
    })
    await queue(['a'])
    await waitFor(() => redeliveries.length === 3, { timeoutMs, what: 'three deliveries' })
    expect(redeliveries).toEqual([0, 1, 2])
  })

  it('leaves to the handler what it settles itself', async () => {
    const seen: string[] = []
    await using _ = bus.consume(QUEUE, async (batch) => {
      for (const delivery of batch) {
        seen.push(delivery.text())
        if (delivery.text() === 'poison') delivery.term('cannot be read')
        if (delivery.text() === 'later' && delivery.redeliveries === 0) delivery.nak(50)
      }
    })
    await queue(['poison', 'later'])
    await waitFor(() => seen.length === 3, { timeoutMs, what: 'the second delivery' })
    await waitFor(async () => (await left()) === 0, { timeoutMs, what: 'all to be settled' })
    expect(seen).toEqual(['poison', 'later', 'later'])
  })

  it('delivers again what a crashed instance had not acknowledged', async () => {
    const config = { servers: nats.url, name: 'test', wait: true, topology: quick }
    await using heir = await connectBus(config)
    const doomed = await connectBus(config)
    const taken = Promise.withResolvers<void>()
    doomed.consume(QUEUE, () => {
      taken.resolve()
      return new Promise(() => {})
    })
    await queue(['a', 'b', 'c'])
    await taken.promise
    await doomed[Symbol.asyncDispose]()

    const seen = new Map<string, number>()
    await using _ = heir.consume(QUEUE, async (batch) => {
      for (const delivery of batch) seen.set(delivery.text(), delivery.redeliveries)
    })
    await waitFor(() => seen.size === 3, { timeoutMs, what: 'the messages of the crashed instance' })
    expect(seen.get('a')).toBeGreaterThan(0)
  })

  it('gives back what it has not begun, and waits for what it has, when it is stopped', async () => {
    await queue(numbers(50))
    const begun = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const first: string[] = []
    const consumer = bus.consume(
      QUEUE,
      async (batch) => {
        begun.resolve()
        await release.promise
        first.push(...batch.map((delivery) => delivery.text()))
      },
      { batchMax: 10 },
    )
    await begun.promise
    const stopped = consumer[Symbol.asyncDispose]()
    release.resolve()
    await stopped
    expect(first.length).toBeGreaterThan(0)
    expect(first.length).toBeLessThanOrEqual(10)

    const second: string[] = []
    await using _ = bus.consume(
      QUEUE,
      async (batch) => void second.push(...batch.map((delivery) => delivery.text())),
    )
    await waitFor(() => first.length + second.length >= 50, { timeoutMs, what: 'the rest' })
    expect([...first, ...second].toSorted()).toEqual(numbers(50).toSorted())
  })

  it('loses nothing when the server is killed again and again', async () => {
    const seen = new Set<string>()
    await using _ = bus.consume(QUEUE, async (batch) => {
      for (const delivery of batch) seen.add(delivery.text())
    })
    const confirmed: string[] = []
    const publishing = new AbortController()
    const published = publishUntil(publishing.signal, confirmed)
    for (let kill = 0; kill < 3; kill += 1) {
      const target = confirmed.length + 100
      await waitFor(() => confirmed.length >= target, { timeoutMs, what: 'more messages' })
      await nats.kill()
      await nats.restart()
    }
    publishing.abort()
    await published
    await waitFor(() => confirmed.every((text) => seen.has(text)), {
      timeoutMs,
      what: 'every confirmed message',
    })
    expect(confirmed.length).toBeGreaterThan(300)
  })

  it('goes on when the consumer or the stream is deleted under it', async () => {
    const seen: string[] = []
    await using _ = bus.consume(
      QUEUE,
      async (batch) => void seen.push(...batch.map((delivery) => delivery.text())),
    )
    await queue(['a'])
    await waitFor(() => seen.length === 1, { timeoutMs, what: 'the first message' })
    await using connection = await connect({ servers: nats.url.replace('nats://', '') })
    const { consumers, streams } = await jetstreamManager(connection)

    await consumers.delete(QUEUE.stream, QUEUE.durable)
    await queue(['b'])
    await waitFor(() => seen.includes('b'), { timeoutMs, what: 'a message after the consumer was deleted' })

    await streams.delete(QUEUE.stream)
    const publish = () =>
      queue(['c']).then(
        () => true,
        () => false,
      )
    await waitFor(publish, { timeoutMs, what: 'the stream to be there again' })
    await waitFor(() => seen.includes('c'), { timeoutMs, what: 'a message after the stream was deleted' })
  })

  it('goes on when the server comes back without its store', async () => {
    const seen: string[] = []
    await using _ = bus.consume(
      QUEUE,
      async (batch) => void seen.push(...batch.map((delivery) => delivery.text())),
    )
    await queue(['a'])
    await waitFor(() => seen.length === 1, { timeoutMs, what: 'the first message' })
    await nats.kill()
    await rm(nats.storeDir, { recursive: true, force: true })
    await nats.restart()
    const publish = () =>
      queue(['b']).then(
        () => true,
        () => false,
      )
    await waitFor(publish, { timeoutMs, what: 'the stream to be there again' })
    await waitFor(() => seen.includes('b'), { timeoutMs, what: 'a message in the new stream' })
  })

  it('refuses a consumer that the topology does not declare, and limits that cannot work', async () => {
    const invalid = expect.objectContaining({ code: 'invalid-usage' })
    expect(() => bus.consume({ stream: 'DAYBOOK_EVENTS', durable: 'stranger' }, ignore)).toThrow(invalid)
    expect(() => bus.consume(QUEUE, ignore, { batchMax: 0 })).toThrow(invalid)
  })
})
