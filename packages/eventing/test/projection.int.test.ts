import { rm } from 'node:fs/promises'
import { type Bus, connectBus } from '@daybook/bus'
import type { JournalEvent } from '@daybook/events'
import { describeWithServer, itWithServer, type NatsServer, startNats, waitFor } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readinessOf } from '../src/observe.ts'
import { createJournalFixture, type Entry, type JournalFixture } from './journal-fixture.ts'
import { createDiary, positionsOf, readDiary, startDiary, writeDiary } from './toy-projection.ts'

const WAIT_MS = 10_000

function entries(count: number, stream = 'run/a'): Entry[] {
  return Array.from({ length: count }, () => ({ stream, type: 'RUN_HALTED' }))
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

function diaryReaches(count: number): Promise<boolean> {
  return waitFor(async () => (await readDiary(journal.database)).length >= count, {
    what: `${count} lines in the diary`,
  })
}

async function isSomeoneBlocked(): Promise<boolean> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(journal.database.kysely)
  return rows[0]?.waiting === 1
}

let journal: JournalFixture

beforeEach(async () => {
  journal = await createJournalFixture()
  await createDiary(journal.database)
})
afterEach(() => journal[Symbol.asyncDispose]())

describe('a projection on messages', () => {
  let nats: NatsServer
  let bus: Bus

  beforeEach(async () => {
    nats = await startNats()
    bus = await connectBus({ servers: nats.url, name: 'test', wait: true })
    await bus.ensureTopology()
  })
  afterEach(async () => {
    await bus[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  })

  it('applies them in order and moves its position', async () => {
    await using projection = startDiary({ database: journal.database, bus })
    await waitFor(() => projection.lag !== undefined, { what: 'the first comparison' })
    const events = await journal.append(...entries(20))
    await journal.relay(bus, events)
    await diaryReaches(20)
    expect(await readDiary(journal.database)).toEqual(positionsOf(events))
    await waitFor(() => projection.position === 20, { what: 'position 20' })
    expect(projection.lag).toBe(0)
  })

  it('changes nothing when messages come twice', async () => {
    await using projection = startDiary({ database: journal.database, bus })
    await waitFor(() => projection.lag !== undefined, { what: 'the first comparison' })
    const events = await journal.append(...entries(10))
    await journal.relay(bus, events)
    await journal.relay(bus, events.slice(3, 7))
    await journal.relay(bus, events)
    const more = await journal.append(...entries(1))
    await journal.relay(bus, more)
    await diaryReaches(11)
    expect(await readDiary(journal.database)).toEqual(upTo(11))
  })

  it('reads from the journal what is missing between two messages', async () => {
    await using projection = startDiary({ database: journal.database, bus })
    await waitFor(() => projection.lag !== undefined, { what: 'the first comparison' })
    const events = await journal.append(...entries(30))
    await journal.relay(bus, [...events.slice(0, 5), ...events.slice(25)])
    await diaryReaches(30)
    expect(await readDiary(journal.database)).toEqual(upTo(30))
  })

  it('is not confused by messages out of order, or by messages that are none', async () => {
    await using projection = startDiary({ database: journal.database, bus })
    await waitFor(() => projection.lag !== undefined, { what: 'the first comparison' })
    const events = await journal.append(...entries(12))
    await journal.relay(bus, events.toReversed())
    await bus.publishQueued('daybook.events.main.run.a.RUN_HALTED', 'this is no event')
    await journal.relay(bus, events.slice(4))
    const more = await journal.append(...entries(1))
    await journal.relay(bus, more)
    await diaryReaches(13)
    expect(await readDiary(journal.database)).toEqual(upTo(13))
  })

  it('gets on after the store of JetStream was deleted', async () => {
    await using projection = startDiary({ database: journal.database, bus, compareMs: 50 })
    await journal.relay(bus, await journal.append(...entries(5)))
    await diaryReaches(5)
    await nats.kill()
    await rm(nats.storeDir, { recursive: true })
    const lost = await journal.append(...entries(5))
    await diaryReaches(10)
    await nats.restart()
    await waitFor(() => bus.connected, { what: 'the bus to be back' })
    await bus.ensureTopology()
    await journal.relay(bus, [...lost, ...(await journal.append(...entries(5)))])
    await diaryReaches(15)
    expect(await readDiary(journal.database)).toEqual(upTo(15))
    expect(projection.failure).toBeUndefined()
  })

  describeWithServer('in two instances on one database', () => {
    it('applies each event once', async () => {
      const options = { bus, compareMs: 30, batchMax: 7 }
      await using first = startDiary({ database: journal.database, ...options })
      await using second = startDiary({ database: journal.openAnother(), ...options })
      for (let round = 0; round < 10; round += 1) {
        await journal.relay(bus, await journal.append(...entries(40)))
      }
      expect(await first.waitFor(400, WAIT_MS)).toBe(true)
      expect(await second.waitFor(400, WAIT_MS)).toBe(true)
      expect(await readDiary(journal.database)).toEqual(upTo(400))
    })
  })
})

describe('a projection without the bus', () => {
  it('catches up with the journal, in pages', async () => {
    await journal.append(...entries(95))
    await using projection = startDiary({ database: journal.database, batchMax: 10 })
    expect(await projection.waitFor(95, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(95))
  })

  it('finds new events by itself', async () => {
    await using projection = startDiary({ database: journal.database, compareMs: 20 })
    await journal.append(...entries(3))
    await waitFor(() => projection.position === 3, { what: 'position 3' })
    await journal.append(...entries(3))
    await waitFor(() => projection.position === 6, { what: 'position 6' })
  })

  it('goes on where an earlier process stopped', async () => {
    await journal.append(...entries(3))
    {
      await using earlier = startDiary({ database: journal.database })
      expect(await earlier.waitFor(3, WAIT_MS)).toBe(true)
    }
    await journal.append(...entries(3))
    await using later = startDiary({ database: journal.database })
    expect(await later.waitFor(6, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(6))
  })

  it('reaches positions that belong to kinds it does not follow', async () => {
    await journal.append(...entries(2), ...entries(4, 'cron/j'))
    await using projection = startDiary({ database: journal.database })
    expect(await projection.waitFor(6, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual([1, 2])
  })

  it('follows several kinds in the order of positions', async () => {
    await journal.append(...entries(2), ...entries(3, 'cron/j'), ...entries(2), ...entries(1, 'import/i'))
    await using projection = startDiary({ database: journal.database, kinds: ['cron', 'run'], batchMax: 2 })
    expect(await projection.waitFor(8, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(7))
  })

  it('serves a reader at once, without waiting for the next comparison', async () => {
    await using projection = startDiary({ database: journal.database })
    for (let position = 1; position <= 20; position += 1) {
      await journal.append(...entries(1))
      expect(await projection.waitFor(position, WAIT_MS)).toBe(true)
    }
  })

  it('tells a reader when its position does not come in time', async () => {
    await using projection = startDiary({ database: journal.database })
    expect(await projection.waitFor(1, 50)).toBe(false)
  })

  it('tells listeners how far it is', async () => {
    const heard: number[] = []
    await using projection = startDiary({ database: journal.database, batchMax: 2 })
    const stop = projection.onAdvance((position) => heard.push(position))
    await journal.append(...entries(4))
    await projection.waitFor(4, WAIT_MS)
    expect(heard.at(-1)).toBe(4)
    stop()
    await journal.append(...entries(1))
    await projection.waitFor(5, WAIT_MS)
    expect(heard).not.toContain(5)
  })

  it('tells with a read how far the read model is in that snapshot', async () => {
    await journal.append(...entries(2), ...entries(1, 'cron/j'))
    await using projection = startDiary({ database: journal.database })
    await projection.waitFor(3, WAIT_MS)
    await sql`grant usage on schema toy to daybook_reader`.execute(journal.database.kysely)
    await sql`grant select on all tables in schema toy to daybook_reader`.execute(journal.database.kysely)
    expect(await projection.read('main', async () => 'value')).toEqual({ value: 'value', position: 3 })
  })
})

describe('a projection whose database is away', () => {
  it('blames no event, and gets on when it is back', async () => {
    let away = true
    const apply = async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      if (away) throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' })
      await writeDiary(trx, events)
    }
    await journal.append(...entries(5))
    await using projection = startDiary({ database: journal.database, apply })
    await waitFor(() => (projection.failure?.attempts ?? 0) >= 2, { what: 'two tries' })
    expect(projection.failure?.position).toBeUndefined()
    expect(readinessOf(projection, 1_000)).toMatchObject({ ok: false })
    away = false
    expect(await projection.waitFor(5, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(5))
  })
})

describe('a projection and the era of the journal', () => {
  it('starts over when the journal was restored', async () => {
    await journal.append(...entries(5))
    await using projection = startDiary({ database: journal.database, compareMs: 20 })
    expect(await projection.waitFor(5, WAIT_MS)).toBe(true)
    await sql`insert into toy.diary (position) values (999)`.execute(journal.database.kysely)
    await journal.setEra(2)
    await waitFor(async () => !(await readDiary(journal.database)).includes(999), { what: 'the rebuild' })
    expect(await projection.waitFor(5, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(5))
  })

  it('refuses to go on with a journal of an earlier era', async () => {
    await journal.append(...entries(2))
    await journal.setEra(2)
    await using projection = startDiary({ database: journal.database, compareMs: 20 })
    expect(await projection.waitFor(2, WAIT_MS)).toBe(true)
    await journal.setEra(1)
    await journal.append(...entries(1))
    await waitFor(() => projection.failure?.detail.includes('era'), { what: 'the failure to be told' })
    expect(await readDiary(journal.database)).toEqual(upTo(2))
  })

  it('refuses to go on with a journal that ends before what it applied, and claims that position no more', async () => {
    await journal.append(...entries(5))
    await using projection = startDiary({ database: journal.database, compareMs: 20 })
    expect(await projection.waitFor(5, WAIT_MS)).toBe(true)
    // As after a restore: the journal and the read model went back together, and only this process knows better.
    await journal.database.transaction(async (trx) => {
      await sql`update journal.head set position = 3`.execute(trx)
      await sql`update toy.checkpoints set position = 3`.execute(trx)
    })
    await waitFor(() => projection.failure?.detail.includes('the journal ends at 3'), {
      what: 'the failure to be told',
    })
    expect(projection.position).toBe(3)
  })

  it('forgets what it reached in the old era when another instance starts over', async () => {
    await journal.append(...entries(5))
    await using projection = startDiary({ database: journal.database, compareMs: 20 })
    expect(await projection.waitFor(5, WAIT_MS)).toBe(true)
    const advances: number[] = []
    projection.onAdvance((position) => advances.push(position))
    // The other instance has emptied the tables and not filled them yet.
    await journal.database.transaction(async (trx) => {
      await sql`update journal.head set era = 2`.execute(trx)
      await sql`update toy.checkpoints set era = 2, position = 0`.execute(trx)
      await sql`delete from toy.diary`.execute(trx)
    })
    await waitFor(() => advances.includes(5), { what: 'the position to be reached again' })
    expect(await readDiary(journal.database)).toEqual(upTo(5))
    expect(projection.failure).toBeUndefined()
  })
})

describeWithServer('the checkpoint', () => {
  it('lets one of two instances win that have the same batch', async () => {
    await journal.append(...entries(5))
    const bothHaveIt = Promise.withResolvers<void>()
    let applying = 0
    const apply = async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      applying += 1
      await bothHaveIt.promise
      await writeDiary(trx, events)
    }
    await using first = startDiary({ database: journal.database, apply })
    await using second = startDiary({ database: journal.openAnother(), apply })
    await waitFor(async () => applying === 2 || (applying === 1 && (await isSomeoneBlocked())), {
      what: 'both instances to hold the batch',
    })
    bothHaveIt.resolve()
    expect(await first.waitFor(5, WAIT_MS)).toBe(true)
    expect(await second.waitFor(5, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual(upTo(5))
  })
})

itWithServer('a projection survives that its connections are cut', async () => {
  await using projection = startDiary({ database: journal.openAnother(), compareMs: 20, batchMax: 5 })
  for (let round = 1; round <= 5; round += 1) {
    await journal.append(...entries(40))
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(journal.database.kysely)
  }
  expect(await projection.waitFor(200, WAIT_MS)).toBe(true)
  expect(await readDiary(journal.database)).toEqual(upTo(200))
})
