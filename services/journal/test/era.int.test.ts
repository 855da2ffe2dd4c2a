import { type Bus, connectBus } from '@daybook/bus'
import { createLogger } from '@daybook/runtime'
import { type NatsServer, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { beginEra } from '../src/service.ts'
import { createJournalDatabase, type JournalFixture, log, openJournalService } from './service-fixture.ts'

const timeoutMs = 30_000
const logger = createLogger({ service: 'test', level: 'silent' })

async function appendLogs(journal: JournalFixture, events: number): Promise<void> {
  await journal.append(Array.from({ length: events }, (_, index) => log('run/a', String(index))))
}

async function publishedUpTo(bus: Bus, position: number, era: number): Promise<void> {
  const wanted = { 'Daybook-Position': String(position), 'Daybook-Era': String(era) }
  await waitFor(
    async () => {
      const state = await bus.streamState('DAYBOOK_EVENTS').catch(() => undefined)
      const headers = state?.lastMessage?.headers
      return Object.entries(wanted).every(([name, value]) => headers?.[name] === value)
    },
    { timeoutMs, what: `position ${position} of era ${era} in JetStream` },
  )
}

/** What the journal says of its relay, once that is a reason not to be ready. */
async function reason({ service }: JournalFixture): Promise<string> {
  return waitFor(
    async () => {
      const answer: any = await (await fetch(`${service.http.url}/readyz`)).json()
      return answer.checks.relay.reason
    },
    { timeoutMs, what: 'a reason' },
  )
}

/** A journal of that many events, all of them published, whose process is gone. */
async function leaveBehind(nats: NatsServer, events: number, eras = 0): Promise<void> {
  await using database = await createJournalDatabase()
  for (let era = 0; era < eras; era += 1)
    await sql`update journal.head set era = era + 1`.execute(database.connect().kysely)
  await using journal = await openJournalService(database.connect(), nats.url)
  await appendLogs(journal, events)
  await publishedUpTo(journal.bus, events, 1 + eras)
}

describe('a journal beside a JetStream that is ahead of it', () => {
  it('is not published while it ends before what JetStream holds, and goes on taking events', async () => {
    await using nats = await startNats()
    await leaveBehind(nats, 10)
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await appendLogs(journal, 4)
    expect(await reason(journal)).toMatch(/JetStream holds events up to position 10, the journal ends at \d/)
    await appendLogs(journal, 1)
    expect((await journal.bus.streamState('DAYBOOK_EVENTS'))?.lastSeq).toBe(10)
  })

  it('is not published while it holds another event where JetStream ends', async () => {
    await using nats = await startNats()
    await leaveBehind(nats, 10)
    await using database = await createJournalDatabase()
    await (async () => {
      await using alone = await openJournalService(database.connect())
      await appendLogs(alone, 15)
    })()
    await using journal = await openJournalService(database.connect(), nats.url)
    expect(await reason(journal)).toContain('different events at position 10')
    expect((await journal.bus.streamState('DAYBOOK_EVENTS'))?.lastSeq).toBe(10)
  })

  it('is published whole once its era is raised over every era that JetStream has seen', async () => {
    await using nats = await startNats()
    await leaveBehind(nats, 10, 2)
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await appendLogs(journal, 4)
    expect(await reason(journal)).toContain('JetStream holds events of era 3, the journal is in era 1')
    expect(await beginEra({ database: database.connect(), bus: journal.bus, logger })).toEqual({
      era: 4,
      position: 4,
    })
    await appendLogs(journal, 1)
    await publishedUpTo(journal.bus, 5, 4)
    expect((await journal.bus.streamState('DAYBOOK_EVENTS'))?.lastSeq).toBe(15)
  })
})

describe('a new era', () => {
  it('makes the relay that runs publish everything again, once', async () => {
    await using nats = await startNats()
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect(), nats.url)
    await appendLogs(journal, 6)
    await publishedUpTo(journal.bus, 6, 1)
    await beginEra({ database: database.connect(), bus: journal.bus, logger })
    await publishedUpTo(journal.bus, 6, 2)
    await appendLogs(journal, 2)
    await publishedUpTo(journal.bus, 8, 2)
    expect((await journal.bus.streamState('DAYBOOK_EVENTS'))?.lastSeq).toBe(6 + 8)
  })

  it('is the next one while NATS is away', async () => {
    await using database = await createJournalDatabase()
    await using bus = await connectBus({ servers: 'nats://127.0.0.1:1', name: 'test' })
    expect(await beginEra({ database: database.connect(), bus, logger })).toEqual({ era: 2, position: 0 })
    expect(await beginEra({ database: database.connect(), bus, logger })).toEqual({ era: 3, position: 0 })
  })
})
