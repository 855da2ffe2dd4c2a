import { startNats, waitFor } from '@daybook/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BatchMessage, type Bus, connectBus } from '../src/index.ts'
import { errorOf } from './recorder.ts'

const STREAM = 'DAYBOOK_EVENTS'
const timeoutMs = 10_000
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus

beforeAll(async () => {
  nats = await startNats()
  bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
})

afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

/** Each test begins with an empty stream. */
beforeEach(async () => {
  await withStreams((streams) => streams.delete(STREAM).catch(() => false))
  await bus.ensureTopology()
})

async function withStreams<T>(
  work: (streams: Awaited<ReturnType<typeof jetstreamManager>>['streams']) => Promise<T>,
) {
  await using connection = await connect({ servers: nats.url.replace('nats://', '') })
  return await work((await jetstreamManager(connection)).streams)
}

function messages(from: number, to: number, by = 'relay'): BatchMessage[] {
  return Array.from({ length: to - from + 1 }, (_, n) => ({
    subject: `daybook.events.main.run.r${n}.T`,
    data: by,
    headers: { 'Daybook-Position': String(from + n) },
  }))
}

async function stored(): Promise<{ position: number; by: string }[]> {
  return withStreams(async (streams) => {
    const { state } = await streams.info(STREAM)
    const result = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const message = await streams.getMessage(STREAM, { seq })
      if (message !== null)
        result.push({ position: Number(message.header.get('Daybook-Position')), by: message.string() })
    }
    return result
  })
}

describe('atomic batches', () => {
  it('stores all messages after the expected sequence', async () => {
    expect(await bus.publishBatch(STREAM, messages(1, 1000), 0)).toEqual({ lastSeq: 1000 })
    expect(await bus.publishBatch(STREAM, messages(1001, 1001), 1000)).toEqual({ lastSeq: 1001 })
    expect(await bus.publishBatch(STREAM, messages(1002, 1003), 1001)).toEqual({ lastSeq: 1003 })
    expect((await stored()).map(({ position }) => position)).toEqual(
      Array.from({ length: 1003 }, (_, n) => n + 1),
    )
  })

  it('stores nothing when the stream is somewhere else', async () => {
    await bus.publishBatch(STREAM, messages(1, 2), 0)
    for (const size of [1, 2, 500]) {
      const error = await errorOf(bus.publishBatch(STREAM, messages(3, 2 + size), 1))
      expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('not known') })
    }
    expect(await bus.streamState(STREAM)).toMatchObject({ lastSeq: 2 })
  })

  it('lets one of two publishers with the same expectation win, and nothing interleaves', async () => {
    await using rival = await connectBus({ servers: nats.url, name: 'rival', wait: true })
    let lastSeq = 0
    for (let round = 0; round < 20; round += 1) {
      const race = [bus, rival].map((publisher, n) =>
        publisher.publishBatch(STREAM, messages(lastSeq + 1, lastSeq + 50, `${round}-${n}`), lastSeq),
      )
      const won = (await Promise.allSettled(race)).filter(({ status }) => status === 'fulfilled')
      expect(won).toHaveLength(1)
      lastSeq += 50
    }
    const all = await stored()
    expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1))
    for (let at = 0; at < all.length; at += 50) {
      expect(new Set(all.slice(at, at + 50).map(({ by }) => by)).size).toBe(1)
    }
  })

  it('can go on from the state of the stream after any error, while the server is killed', async () => {
    await using victim = await startNats()
    await using relay = await connectBus({ servers: victim.url, name: 'relay', wait: true })
    await relay.ensureTopology()
    const total = 4_000
    let kills = 0
    let unknown = 0
    const publishing = (async () => {
      let cursor = { position: 0, seq: 0 }
      while (cursor.position < total) {
        const to = Math.min(total, cursor.position + 100)
        try {
          const { lastSeq } = await relay.publishBatch(STREAM, messages(cursor.position + 1, to), cursor.seq)
          cursor = { position: to, seq: lastSeq }
        } catch {
          unknown += 1
          cursor = await waitFor(() => whereIs(relay), { timeoutMs, what: 'the state of the stream' })
        }
      }
      return cursor
    })()
    for (; kills < 3; kills += 1) {
      const before = (await relay.streamState(STREAM))?.lastSeq ?? 0
      await waitFor(async () => ((await relay.streamState(STREAM))?.lastSeq ?? 0) > before, {
        timeoutMs,
        what: 'progress',
      })
      await victim.kill()
      await victim.restart()
      await waitFor(() => relay.connected, { timeoutMs, what: 'the reconnection' })
    }
    expect(await publishing).toEqual({ position: total, seq: total })
    expect(unknown).toBeGreaterThan(0)
    expect(await relay.streamState(STREAM)).toMatchObject({ firstSeq: 1, lastSeq: total })
  })

  it('refuses an empty batch and one that is too long', async () => {
    for (const batch of [[], messages(1, 1001)]) {
      expect(await errorOf(bus.publishBatch(STREAM, batch, 0))).toMatchObject({ code: 'invalid-usage' })
    }
  })
})

/** What a relay does after an error: the last message tells how far it got. */
async function whereIs(relay: Bus): Promise<{ position: number; seq: number } | false> {
  try {
    const state = await relay.streamState(STREAM)
    if (state === undefined) return false
    return { position: Number(state.lastMessage?.headers['Daybook-Position'] ?? 0), seq: state.lastSeq }
  } catch {
    return false
  }
}

describe('state of a stream', () => {
  it('is undefined when there is no such stream', async () => {
    expect(await bus.streamState('NOWHERE')).toBeUndefined()
  })

  it('tells the last sequence and the last message', async () => {
    await bus.publishBatch(STREAM, messages(7, 9), 0)
    expect(await bus.streamState(STREAM)).toEqual({
      firstSeq: 1,
      lastSeq: 3,
      lastMessage: {
        seq: 3,
        headers: expect.objectContaining({ 'Daybook-Position': '9' }),
        data: expect.any(Uint8Array),
      },
    })
  })

  it('keeps the last sequence when the messages are gone', async () => {
    await bus.publishBatch(STREAM, messages(7, 9), 0)
    await withStreams((streams) => streams.deleteMessage(STREAM, 3))
    expect(await bus.streamState(STREAM)).toMatchObject({ lastSeq: 3, lastMessage: { seq: 2 } })
    await withStreams((streams) => streams.purge(STREAM))
    expect(await bus.streamState(STREAM)).toEqual({ firstSeq: 4, lastSeq: 3 })
    expect(await bus.publishBatch(STREAM, messages(10, 11), 3)).toEqual({ lastSeq: 5 })
  })
})
