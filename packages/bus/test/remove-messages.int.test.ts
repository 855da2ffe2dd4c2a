import { type NatsServer, startNats } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bus, connectBus, topologyOf } from '../src/index.ts'

const STREAM = 'DAYBOOK_EVENTS'
let nats: NatsServer
let bus: Bus

beforeAll(async () => {
  nats = await startNats()
  bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
  await bus.ensureTopology()
})

afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

const message = (subject: string, data: string) => ({ subject, data, headers: { 'Daybook-Position': data } })

async function textsUnder(subject: string): Promise<string[]> {
  const texts: string[] = []
  await bus.removeMessages({ stream: STREAM, subject }, ({ data }) => {
    texts.push(Buffer.from(data).toString())
    return false
  })
  return texts
}

describe('removeMessages', () => {
  it('removes what is meant under a subject, and nothing else', async () => {
    const [a, b] = ['daybook.events.main.run.a.X', 'daybook.events.main.run.b.X']
    await bus.publishBatch(STREAM, [message(a, '1'), message(b, '1'), message(a, '2'), message(a, '3')], 0)
    const removed = await bus.removeMessages({ stream: STREAM, subject: a }, ({ headers }) =>
      ['1', '3'].includes(headers['Daybook-Position'] ?? ''),
    )
    expect([removed, await textsUnder(a), await textsUnder(b)]).toEqual([2, ['2'], ['1']])
    // Sequences are never given again: the relay's fence holds.
    expect((await bus.streamState(STREAM))?.lastSeq).toBe(4)
  })

  it('has nothing to remove the second time, under an unknown subject, and in a stream that is not there', async () => {
    const all = () => true
    const subject = 'daybook.events.main.run.a.X'
    expect(await bus.removeMessages({ stream: STREAM, subject }, all)).toBe(1)
    expect(await bus.removeMessages({ stream: STREAM, subject }, all)).toBe(0)
    expect(await bus.removeMessages({ stream: STREAM, subject: 'daybook.events.none' }, all)).toBe(0)
    expect(await bus.removeMessages({ stream: 'NONE', subject }, all)).toBe(0)
  })

  it('says that it cannot while NATS is away', async () => {
    await using away = await connectBus({ servers: 'nats://127.0.0.1:1', name: 'test' })
    await expect(away.removeMessages({ stream: STREAM, subject: 'x' }, () => true)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})

describe('the window of the journal in JetStream', () => {
  it('is as old and as large as the settings say', () => {
    const { streams } = topologyOf({ EVENTS_AGE_HOURS_MAX: 2, EVENTS_BYTES_MAX: 5_000_000 })
    expect(streams.find(({ name }) => name === STREAM)).toMatchObject({
      ageMsMax: 7_200_000,
      bytesMax: 5_000_000,
    })
  })

  it('may be narrowed while messages are in it: the oldest go', async () => {
    await using own = await startNats()
    const open = (bytes: number) =>
      connectBus({
        servers: own.url,
        name: 'test',
        wait: true,
        topology: topologyOf({ EVENTS_AGE_HOURS_MAX: 168, EVENTS_BYTES_MAX: bytes }),
      })
    {
      await using wide = await open(100 * 1024 * 1024)
      await wide.ensureTopology()
      const large = 'x'.repeat(100_000)
      const messages = Array.from({ length: 20 }, () => ({
        subject: 'daybook.events.main.run.a.X',
        data: large,
        headers: {},
      }))
      await wide.publishBatch(STREAM, messages, 0)
    }
    await using narrow = await open(1_048_576)
    await narrow.ensureTopology()
    const state = await narrow.streamState(STREAM)
    expect(state?.lastSeq).toBe(20)
    expect(state?.firstSeq).toBeGreaterThan(9)
  })
})
