import { setTimeout as pause } from 'node:timers/promises'
import { createTestDatabase } from '@daybook/testing'
import { type RawBuilder, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { type Database, DatabaseClock, openDatabase, openEmbedded } from '../src/index.ts'

const HOUR_MS = 3_600_000
/** Between two looks at the clock of a busy machine. */
const ASKING_MS = 5_000

const stack = new AsyncDisposableStack()
let database: Database<unknown>

beforeAll(async () => {
  const { url } = stack.use(await createTestDatabase())
  database =
    url === undefined
      ? stack.use(await openEmbedded('memory://')).database<unknown>()
      : stack.use(openDatabase<unknown>({ url, applicationName: 'test', poolMax: 1 }))
})
afterAll(() => stack.disposeAsync())
afterEach(() => {
  vi.useRealTimers()
})

async function databaseNowMs(): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(database.kysely)
  return rows[0]?.now.getTime() ?? Number.NaN
}

/** As a machine's time of day jumps; its monotonic clock goes on. */
function jumpTo(epochMs: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: epochMs })
}

// With Date.now in the place of performance.now, leases would end an hour early or late.
it.each([HOUR_MS, -HOUR_MS, 30_000])(
  'is the clock of the database when that of the machine jumps by %d ms',
  async (jumpMs) => {
    const clock = new DatabaseClock(database)
    const before = Date.parse(await clock.now())
    jumpTo(Date.now() + jumpMs)
    const after = Date.parse(await clock.now())
    expect(after - before).toBeGreaterThanOrEqual(0)
    expect(after - before).toBeLessThan(ASKING_MS)
    expect(Math.abs(after - (await databaseNowMs()))).toBeLessThan(ASKING_MS)
    const another = Date.parse(await new DatabaseClock(database).now())
    expect(Math.abs(another - (await databaseNowMs()))).toBeLessThan(ASKING_MS)
  },
)

it('goes on by itself from what the database said, and asks it no more', async () => {
  let looks = 0
  const counting = {
    prepared<Row>(name: string, statement: RawBuilder<Row>) {
      looks += 1
      return database.prepared(name, statement)
    },
  }
  const clock = new DatabaseClock(counting)
  const first = await clock.now()
  // More than one where the machine is busy and the answers take long.
  const looksAtFirst = looks
  const second = await clock.now()
  expect(looksAtFirst).toBeLessThanOrEqual(4)
  expect(second >= first).toBe(true)
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  clock.set(new Date('2030-01-01T00:00:00.000Z'))
  expect(await clock.now()).toMatch(/^2030-01-01T00:00/)
  expect(looks).toBe(looksAtFirst)
})

/** The clock of a database whose answers take so long each, one after the other; the last time for good. */
function slowClock(...answersMs: readonly number[]): DatabaseClock {
  const left = [...answersMs]
  return new DatabaseClock({
    async prepared<Row>(name: string, statement: RawBuilder<Row>) {
      const rows = await database.prepared(name, statement)
      await pause(left.length > 1 ? (left.shift() ?? 0) : (left[0] ?? 0))
      return rows
    },
  })
}

// By one late answer all jobs of a schedule would be late for a minute.
it('asks again when an answer came late, and goes by the one that came soonest', async () => {
  const clock = slowClock(400, 400, 0)
  const behindMs = (await databaseNowMs()) - Date.parse(await clock.now())
  expect(behindMs).toBeLessThan(200)
})

it('is not put back by an answer that comes late, and is by one that says so', async () => {
  const clock = new DatabaseClock(database)
  const before = Date.parse(await clock.now())
  const askedAtMs = performance.now()
  const said = new Date(await databaseNowMs())
  await pause(300)
  clock.set(said, askedAtMs)
  expect(Date.parse(await clock.now()) - before).toBeGreaterThanOrEqual(290)
  clock.set(new Date(before - HOUR_MS))
  expect(Date.parse(await clock.now()) - (before - HOUR_MS)).toBeLessThan(ASKING_MS)
})
