import { startNats, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectBus } from '../src/index.ts'
import { startLossyProxy } from './lossy-proxy.ts'
import { errorOf, recordingLogger } from './recorder.ts'

const QUEUE = { stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }
const SUBJECT = 'daybook.queue.main.append'
let nats: Awaited<ReturnType<typeof startNats>>

beforeAll(async () => {
  nats = await startNats()
})

afterAll(async () => {
  await nats[Symbol.asyncDispose]()
})

describe('a network that loses something', () => {
  it('leaves a batch whose confirmation is lost unknown, and the stream tells that it was stored', async () => {
    await using proxy = await startLossyProxy(nats.port)
    await using bus = await connectBus({ servers: proxy.url, name: 'relay', wait: true })
    await bus.ensureTopology()
    const batch = [1, 2, 3].map((position) => ({
      subject: 'daybook.events.main.run.r1.T',
      data: '',
      headers: { 'Daybook-Position': String(position) },
    }))
    let committed = false
    proxy.loseRequest = (chunk) => {
      committed ||= chunk.includes('Nats-Batch-Commit')
      return false
    }
    proxy.loseReply = () => {
      if (committed) proxy.cut()
      return committed
    }
    const error = await errorOf(bus.publishBatch('DAYBOOK_EVENTS', batch, 0))
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('not known') })

    proxy.loseReply = () => false
    await waitFor(() => bus.connected, { what: 'the reconnection' })
    expect(await bus.streamState('DAYBOOK_EVENTS')).toMatchObject({
      lastSeq: 3,
      lastMessage: { headers: { 'Daybook-Position': '3' } },
    })
  })

  it('says that the outcome is not known when the receipt of a queued message is lost', async () => {
    await using proxy = await startLossyProxy(nats.port)
    await using bus = await connectBus({ servers: proxy.url, name: 'producer', wait: true })
    await bus.ensureTopology()
    proxy.loseReply = (chunk) => {
      if (chunk.includes('"stream":"DAYBOOK_QUEUE"')) proxy.cut()
      return false
    }
    const error = await errorOf(bus.publishQueued(SUBJECT, 'a', { msgId: 'main.lossy' }))
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('not known') })

    proxy.loseReply = () => false
    await waitFor(() => bus.connected, { what: 'the reconnection' })
    expect(await bus.publishQueued(SUBJECT, 'a', { msgId: 'main.lossy' })).toMatchObject({ duplicate: true })
  })

  it('asks again for messages when a request for them is lost', async () => {
    await using proxy = await startLossyProxy(nats.port)
    const logger = recordingLogger()
    await using bus = await connectBus({ servers: proxy.url, name: 'consumer', wait: true }, logger)
    let lost = 0
    proxy.loseRequest = (chunk) => {
      if (lost > 0 || !chunk.includes('CONSUMER.MSG.NEXT')) return false
      lost += 1
      return true
    }
    const seen: string[] = []
    await using _ = bus.consume(
      QUEUE,
      async (batch) => void seen.push(...batch.map((delivery) => delivery.text())),
    )
    await waitFor(() => lost > 0, { what: 'the lost request' })
    await bus.publishQueued(SUBJECT, 'b')
    await waitFor(() => seen.includes('b'), { what: 'the message', timeoutMs: 30_000 })
    expect(logger.messages()).toContain('consumer interrupted')
  })
})
