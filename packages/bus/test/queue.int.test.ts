import { startNats } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bus, connectBus, defineTopology } from '../src/index.ts'
import { errorOf } from './recorder.ts'

const SUBJECT = 'daybook.queue.main.append'
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus

beforeAll(async () => {
  nats = await startNats()
  const topology = defineTopology({ queueBytesMax: 100_000 })
  bus = await connectBus({ servers: nats.url, name: 'test', wait: true, topology })
})

afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

describe('queued publishing', () => {
  it('says unavailable while there is no stream', async () => {
    expect(await errorOf(bus.publishQueued(SUBJECT, 'x'))).toMatchObject({ code: 'unavailable' })
    await bus.ensureTopology()
  })

  it('recognises a repeated message id', async () => {
    expect(await bus.publishQueued(SUBJECT, 'a', { msgId: 'main.1' })).toEqual({ seq: 1, duplicate: false })
    expect(await bus.publishQueued(SUBJECT, 'a', { msgId: 'main.1' })).toEqual({ seq: 1, duplicate: true })
    expect(await bus.publishQueued(SUBJECT, 'b')).toEqual({ seq: 2, duplicate: false })
  })

  it('says overloaded when the queue is full, and keeps what is in it', async () => {
    const fill = async () => {
      for (;;) await bus.publishQueued(SUBJECT, 'x'.repeat(30_000))
    }
    expect(await errorOf(fill())).toMatchObject({ code: 'overloaded', retry: 'later' })
    expect(await bus.streamState('DAYBOOK_QUEUE')).toMatchObject({ firstSeq: 1 })
  })
})
