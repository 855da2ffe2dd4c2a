import type { JournalEvent } from '@daybook/events'
import { itWithServer, waitFor } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readinessOf } from '../src/observe.ts'
import { createJournalFixture, type Entry, type JournalFixture } from './journal-fixture.ts'
import { createDiary, readDiary, startDiary, writeDiary } from './toy-projection.ts'

const WAIT_MS = 10_000

let journal: JournalFixture

beforeEach(async () => {
  journal = await createJournalFixture()
  await createDiary(journal.database)
})
afterEach(() => journal[Symbol.asyncDispose]())

/** Streams a, b and c in turn: the event at position p is in the stream number p mod 3. */
function inTurn(count: number, first = 1): Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    stream: `run/${'cab'[(first + index) % 3]}`,
    type: 'RUN_HALTED',
  }))
}

/** A read model that cannot take the events at these positions, for as long as they are in the set. */
function poison(positions: ReadonlySet<number>, error: () => unknown = () => new Error('division by zero')) {
  return async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
    await writeDiary(trx, events)
    if (events.some(({ position }) => positions.has(position))) throw error()
  }
}

interface Letter {
  id: string
  source: string
  status: string
  code: string
  detail: string
  stream: string
  seq: number
  position: number
  occurrences: number
  resolved: boolean
}

async function letters(): Promise<Letter[]> {
  const { rows } = await sql<Letter>`
    select id, source, status, code, detail, stream, seq, position, occurrences, resolved_at is not null as resolved
    from journal.dead_letters order by id`.execute(journal.database.kysely)
  return rows
}

async function actions(): Promise<string[]> {
  const { rows } = await sql<{ action: string }>`
    select action from journal.dead_letter_decisions order by nth`.execute(journal.database.kysely)
  return rows.map(({ action }) => action)
}

async function decide(status: 'requeued' | 'dismissed'): Promise<void> {
  await sql`update journal.dead_letters set status = ${status}`.execute(journal.database.kysely)
}

async function diaryOf(stream: string): Promise<number[]> {
  const { rows } = await sql<{ position: number }>`
    select diary.position from toy.diary join journal.events using (position) where stream = ${stream} order by nth`.execute(
    journal.database.kysely,
  )
  return rows.map(({ position }) => position)
}

describe('an event that cannot be applied', () => {
  it('parks its stream from there on, and every other event is applied', async () => {
    await journal.append(...inTurn(60))
    await using projection = startDiary({ database: journal.database, apply: poison(new Set([17])) })
    expect(await projection.waitFor(60, WAIT_MS)).toBe(true)
    const inB = (position: number) => position % 3 === 17 % 3
    expect(await readDiary(journal.database)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1).filter(
        (position) => position < 17 || !inB(position),
      ),
    )
    expect(projection.failure).toBeUndefined()
    expect(readinessOf(projection, 1_000).ok).toBe(true)
  })

  it('becomes a dead letter that says which, and why', async () => {
    await journal.append(...inTurn(20))
    await using projection = startDiary({ database: journal.database, apply: poison(new Set([17])) })
    expect(await projection.waitFor(20, WAIT_MS)).toBe(true)
    expect(await letters()).toMatchObject([
      {
        source: 'projection-diary',
        status: 'open',
        code: 'event-not-applied',
        detail: 'division by zero',
        stream: 'run/b',
        seq: 6,
        position: 17,
        occurrences: 1,
      },
    ])
  })

  it('keeps its stream parked for whoever comes after, a restart included', async () => {
    await journal.append(...inTurn(20))
    {
      await using earlier = startDiary({ database: journal.database, apply: poison(new Set([17])) })
      expect(await earlier.waitFor(20, WAIT_MS)).toBe(true)
    }
    await journal.append(...inTurn(10, 21))
    await using later = startDiary({ database: journal.database })
    expect(await later.waitFor(30, WAIT_MS)).toBe(true)
    expect(await diaryOf('run/b')).toEqual([2, 5, 8, 11, 14])
    expect(await letters()).toMatchObject([{ status: 'open', occurrences: 1 }])
  })

  it('tells with a read that the stream is left out, and from where on', async () => {
    await journal.append(...inTurn(20))
    await using projection = startDiary({ database: journal.database, apply: poison(new Set([17, 18])) })
    expect(await projection.waitFor(20, WAIT_MS)).toBe(true)
    await sql`grant usage on schema toy to daybook_reader`.execute(journal.database.kysely)
    await sql`grant select on all tables in schema toy to daybook_reader`.execute(journal.database.kysely)
    const { value } = await projection.read('main', async (trx) => ({
      b: await projection.parked.find(trx, { tenant: 'main', stream: 'run/b' }),
      a: await projection.parked.find(trx, { tenant: 'main', stream: 'run/a' }),
      all: (await projection.parked.list(trx, 'main')).map(({ stream }) => stream),
    }))
    expect(value).toMatchObject({ b: { seq: 6, position: 17 }, all: ['run/b', 'run/c'] })
    expect(value.a).toBeUndefined()
  })

  it('may be explained in words that Postgres cannot keep', async () => {
    await journal.append(...inTurn(3))
    const error = () => new Error(`a \u0000, half a \ud800, and much of it ${'x'.repeat(100_000)}`)
    await using projection = startDiary({ database: journal.database, apply: poison(new Set([2]), error) })
    expect(await projection.waitFor(3, WAIT_MS)).toBe(true)
    expect((await letters())[0]?.detail).toMatch(/^a \uFFFD, half a \uFFFD, and much of it x+$/)
  })

  it.each([
    ['a constraint of the read model', '23514'],
    ['a value too long for an index', '54000'],
  ])('is to blame for %s', async (_what, code) => {
    await journal.append(...inTurn(3))
    const error = () => Object.assign(new Error('no'), { code })
    await using projection = startDiary({ database: journal.database, apply: poison(new Set([2]), error) })
    expect(await projection.waitFor(3, WAIT_MS)).toBe(true)
  })

  it.each([
    ['a full disk', '53100'],
    ['a column that is not there', '42703'],
    ['a time-out', '57014'],
    ['a file system that fails', 'ENOSPC'],
  ])('is not to blame for %s: nothing is left out, and it is tried again', async (_what, code) => {
    await journal.append(...inTurn(3))
    const bad = new Set([2])
    const error = () => Object.assign(new Error('no'), { code })
    await using projection = startDiary({ database: journal.database, apply: poison(bad, error) })
    await waitFor(() => (projection.failure?.attempts ?? 0) >= 2, { what: 'two tries' })
    expect(await letters()).toEqual([])
    bad.clear()
    expect(await projection.waitFor(3, WAIT_MS)).toBe(true)
    expect(await readDiary(journal.database)).toEqual([1, 2, 3])
  })

  it('stops the projection when too many streams are parked and nobody has looked at any', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ stream: `run/r${n}`, type: 'RUN_HALTED' }))
    await journal.append(...many)
    const apply = poison(new Set(Array.from(many, (_, index) => index + 1)))
    await using projection = startDiary({ database: journal.database, apply, parkedOpenMax: 10 })
    await waitFor(() => projection.failure?.position === 11, { what: 'the projection to stop' })
    expect(readinessOf(projection, 1_000)).toEqual({
      ok: false,
      reason: 'stuck at position 11: RUN_HALTED in run/r10: division by zero',
    })
    expect(await letters()).toHaveLength(10)
    await decide('dismissed')
    expect(await projection.waitFor(12, WAIT_MS)).toBe(true)
  })
})

describe('a parked stream that is requeued', () => {
  it('goes on where it was parked, and each of its events is applied once and in order', async () => {
    const bad = new Set([17])
    await journal.append(...inTurn(60))
    const apply = poison(bad)
    await using projection = startDiary({ database: journal.database, apply, compareMs: 20, batchMax: 3 })
    expect(await projection.waitFor(60, WAIT_MS)).toBe(true)
    bad.clear()
    await decide('requeued')
    await waitFor(async () => (await letters())[0]?.resolved, { what: 'the dead letter to be resolved' })
    await journal.append(...inTurn(6, 61))
    expect(await projection.waitFor(66, WAIT_MS)).toBe(true)
    const inB = Array.from({ length: 22 }, (_, index) => 2 + index * 3)
    expect(await diaryOf('run/b')).toEqual(inB)
    expect(await readDiary(journal.database)).toHaveLength(66)
    expect(await actions()).toEqual(['resolved'])
    await waitFor(() => projection.parkedStreams === 0, { what: 'nothing to be parked' })
  })

  it('is parked again at the next event that cannot be applied, and the dead letter is open again', async () => {
    const bad = new Set([5, 41])
    await journal.append(...inTurn(60))
    await using projection = startDiary({ database: journal.database, apply: poison(bad), compareMs: 20 })
    expect(await projection.waitFor(60, WAIT_MS)).toBe(true)
    bad.delete(5)
    await decide('requeued')
    await waitFor(async () => (await letters())[0]?.position === 41, { what: 'the second one' })
    expect(await letters()).toMatchObject([{ status: 'open', occurrences: 2, seq: 14, resolved: false }])
    expect((await diaryOf('run/b')).at(-1)).toBe(38)
    await waitFor(() => readinessOf(projection, 1_000).detail?.startsWith('streams left out: 1;'), {
      what: 'readiness to tell of it',
    })
    expect(await actions()).toEqual(['reopened'])
  })

  it('tells of what is left out, and forgets none of it when even that fails', async () => {
    const bad = new Set([5, 14])
    const told: [number, number][] = []
    await journal.append(...inTurn(21))
    await using projection = startDiary({
      database: journal.database,
      apply: poison(bad),
      applyLeftOut: async (_trx, leftOut) => {
        if (leftOut.some(({ event }) => bad.has(event.position))) throw new Error('not even this')
        told.push(...leftOut.map(({ event, parkedSeq }): [number, number] => [event.position, parkedSeq]))
      },
      compareMs: 20,
    })
    expect(await projection.waitFor(21, WAIT_MS)).toBe(true)
    expect(new Map(told)).toEqual(new Map([8, 11, 17, 20].map((position) => [position, 2])))
    bad.clear()
    await decide('requeued')
    await waitFor(async () => (await diaryOf('run/b')).length === 7, { what: 'all of the stream' })
    expect(await diaryOf('run/b')).toEqual([2, 5, 8, 11, 14, 17, 20])
  })

  it('stays parked while it is dismissed', async () => {
    const bad = new Set([5])
    await journal.append(...inTurn(9))
    await using projection = startDiary({ database: journal.database, apply: poison(bad), compareMs: 20 })
    expect(await projection.waitFor(9, WAIT_MS)).toBe(true)
    bad.clear()
    await decide('dismissed')
    await journal.append(...inTurn(3, 10))
    expect(await projection.waitFor(12, WAIT_MS)).toBe(true)
    expect(await diaryOf('run/b')).toEqual([2])
  })

  it('is free when the read model is built again, and its dead letter is resolved', async () => {
    const bad = new Set([5])
    await journal.append(...inTurn(9))
    await using projection = startDiary({ database: journal.database, apply: poison(bad), compareMs: 20 })
    expect(await projection.waitFor(9, WAIT_MS)).toBe(true)
    bad.clear()
    await journal.setEra(2)
    await waitFor(async () => (await diaryOf('run/b')).length === 3, { what: 'the rebuild' })
    expect(await letters()).toMatchObject([{ status: 'requeued', resolved: true }])
  })

  it('is resolved when its row is gone, as after a rebuild by hand', async () => {
    await journal.append(...inTurn(9))
    {
      await using earlier = startDiary({ database: journal.database, apply: poison(new Set([5])) })
      expect(await earlier.waitFor(9, WAIT_MS)).toBe(true)
    }
    await sql`truncate toy.parked_streams, toy.checkpoints, toy.diary`.execute(journal.database.kysely)
    {
      await using rebuilt = startDiary({ database: journal.database })
      expect(await rebuilt.waitFor(9, WAIT_MS)).toBe(true)
      expect(await letters()).toMatchObject([{ status: 'open' }])
    }
    await using later = startDiary({ database: journal.database })
    await waitFor(async () => (await letters())[0]?.resolved, { what: 'the dead letter to be resolved' })
    expect(later.failure).toBeUndefined()
  })

  itWithServer('is taken up once by two instances, while events go on coming', async () => {
    const bad = new Set([5])
    const options = { apply: poison(bad), compareMs: 20, batchMax: 7 }
    await journal.append(...inTurn(90))
    await using first = startDiary({ database: journal.database, ...options })
    await using second = startDiary({ database: journal.openAnother(), ...options })
    expect(await first.waitFor(90, WAIT_MS)).toBe(true)
    bad.clear()
    await decide('requeued')
    for (let from = 91; from < 391; from += 30) await journal.append(...inTurn(30, from))
    expect(await first.waitFor(390, WAIT_MS)).toBe(true)
    expect(await second.waitFor(390, WAIT_MS)).toBe(true)
    await waitFor(async () => (await letters())[0]?.resolved, { what: 'the dead letter to be resolved' })
    expect(await diaryOf('run/b')).toEqual(Array.from({ length: 130 }, (_, index) => 2 + index * 3))
    expect(await readDiary(journal.database)).toHaveLength(390)
  })
})
