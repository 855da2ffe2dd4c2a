import { rm } from 'node:fs/promises'
import { type Bus, connectBus } from '@daybook/bus'
import { startNats, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { createJournalDatabase, log, nextId, openJournalService } from './service-fixture.ts'

const STREAM = 'DAYBOOK_EVENTS'

async function publishedUpTo(bus: Bus, position: number): Promise<void> {
  await waitFor(
    async () => {
      const state = await bus.streamState(STREAM).catch(() => undefined)
      return Number(state?.lastMessage?.headers['Daybook-Position']) === position
    },
    { timeoutMs: 30_000, what: `position ${position} in JetStream` },
  )
}

/** All messages of the stream in order: its consumer `projection-runs` sees each kind-run event. */
async function drain(bus: Bus, until: number): Promise<{ position: number; prev: number; event: any }[]> {
  const seen: { position: number; prev: number; event: any }[] = []
  await using consumer = bus.consume({ stream: STREAM, durable: 'projection-runs' }, async (batch) => {
    for (const { headers, data } of batch) {
      const event = JSON.parse(Buffer.from(data).toString())
      seen.push({
        position: Number(headers['Daybook-Position']),
        prev: Number(headers['Daybook-Prev']),
        event,
      })
    }
  })
  await waitFor(() => seen.at(-1)?.position === until, { timeoutMs: 30_000, what: `message ${until}` })
  void consumer
  return seen
}

describe('the relay', () => {
  it('publishes every event once, in order, each naming the one before it of its kind', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    for (let index = 0; index < 20; index += 1) {
      await journal.append(Array.from({ length: 10 }, () => log(`run/${index % 3}`, String(index))))
    }
    await publishedUpTo(journal.bus, 200)
    const seen = await drain(journal.bus, 200)
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    expect(seen.map(({ prev }) => prev)).toEqual(Array.from({ length: 200 }, (_, index) => index))
    expect(seen.every(({ position, event }) => event.position === position)).toBe(true)
  })

  it('catches up on what was appended while NATS was away', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await journal.append([log('run/a', 'before')])
    await publishedUpTo(journal.bus, 1)
    await nats.kill()
    await journal.append([log('run/a', 'meanwhile'), log('run/a', 'meanwhile too')])
    await nats.restart()
    await publishedUpTo(journal.bus, 3)
  })

  it('fills the stream again after the JetStream store was deleted', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await journal.append(Array.from({ length: 30 }, (_, index) => log(`run/${nextId()}`, String(index))))
    await publishedUpTo(journal.bus, 30)
    await nats.kill()
    await rm(nats.storeDir, { recursive: true })
    await nats.restart()
    await publishedUpTo(journal.bus, 30)
    const seen = await drain(journal.bus, 30)
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  })

  it('is taken over by another instance when its own stops, without a gap or a repetition', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using second = await openJournalService(database.connect(), nats.url)
    {
      await using first = await openJournalService(database.connect(), nats.url)
      for (let index = 0; index < 10; index += 1) {
        await Promise.all([
          first.append([log('run/a', String(index))]),
          second.append([log('run/b', String(index))]),
        ])
      }
    }
    await second.append([log('run/a', 'after')])
    await publishedUpTo(second.bus, 21)
    const seen = await drain(second.bus, 21)
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1))
  })

  it('is stopped by JetStream when it goes on publishing after its successor', async () => {
    await using nats = await startNats()
    await using bus = await connectBus({ servers: nats.url, name: 'stale', wait: true })
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await journal.append([log('run/a', '1'), log('run/a', '2')])
    await publishedUpTo(bus, 2)
    const stale = [
      { subject: 'daybook.events.main.run.a.PROCESS_LOG', data: '{}', headers: { 'Daybook-Position': '2' } },
    ]
    await expect(bus.publishBatch(STREAM, stale, 1)).rejects.toMatchObject({ code: 'unavailable' })
    expect((await bus.streamState(STREAM))?.lastSeq).toBe(2)
  })
})
