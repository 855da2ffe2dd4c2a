import { type JournalEvent, verifyChain } from '@daybook/events'
import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { journalReader, type PageQuery } from '../src/journal-reader.ts'
import { createJournalFixture, type JournalFixture } from './journal-fixture.ts'

const KIB = 1_024
const ofSize = (bytes: number) => ({ text: 'x'.repeat(bytes) })

describe('journalReader', () => {
  let journal: JournalFixture
  let events: JournalEvent[]
  const page = (query: PageQuery) => journalReader(journal.database.kysely).readPage(query)
  const positions = async (query: PageQuery) => (await page(query)).events.map(({ position }) => position)

  beforeAll(async () => {
    journal = await createJournalFixture()
    events = await journal.append(
      { stream: 'run/a', type: 'RUN_CREATED', data: { n: 1e21, text: 'é\u2028"' } },
      { stream: 'cron/j', type: 'JOB_ADDED' },
      { stream: 'run/b', type: 'RUN_CREATED' },
      { stream: 'run/a', type: 'RUN_HALTED' },
      { stream: 'run/a', type: 'RUN_COMPLETED', tenant: 'other' },
      { stream: 'import/a', type: 'RUN_IMPORTED' },
      { stream: 'run/a', type: 'RUN_COMPLETED' },
    )
  })
  afterAll(() => journal[Symbol.asyncDispose]())

  it('gives the events back as they were committed', async () => {
    expect(await page({ limit: 10 })).toEqual({ events, more: false })
    const tape = await page({ limit: 10, tenant: 'main', stream: 'run/a' })
    expect(verifyChain(tape.events)).toBeUndefined()
  })

  it('tells the head and the era', async () => {
    expect(await journalReader(journal.database.kysely).head()).toEqual({ position: 7, era: 1 })
  })

  it('tells whether there is more, exactly', async () => {
    expect(await page({ limit: 6 })).toMatchObject({ more: true })
    expect(await page({ limit: 7 })).toMatchObject({ more: false })
    expect(await page({ after: 7, limit: 7 })).toEqual({ events: [], more: false })
  })

  it('filters by tenant, kind and type, in the order of positions', async () => {
    expect(await positions({ limit: 10, tenant: 'other' })).toEqual([5])
    expect(await positions({ limit: 10, kinds: ['import', 'cron', 'cron'] })).toEqual([2, 6])
    expect(await positions({ limit: 10, kinds: ['run', 'cron'], after: 1 })).toEqual([2, 3, 4, 5, 7])
    expect(await positions({ limit: 10, types: ['RUN_CREATED', 'JOB_ADDED'] })).toEqual([1, 2, 3])
    expect(await positions({ limit: 10, kinds: [] })).toEqual([])
    expect(await positions({ limit: 3, kinds: ['run', 'cron'], reverse: true })).toEqual([7, 5, 4])
    expect(await positions({ limit: 3, kinds: ['run', 'cron'], reverse: true, after: 4 })).toEqual([3, 2, 1])
    expect(await positions({ limit: 9, kinds: ['cron'], tenant: 'main', stream: 'run/a' })).toEqual([])
  })

  it('reads a stream by seq, forward and backward', async () => {
    const tape = { tenant: 'main', stream: 'run/a' }
    expect(await positions({ ...tape, limit: 2 })).toEqual([1, 4])
    expect(await positions({ ...tape, limit: 2, after: 2 })).toEqual([7])
    expect(await positions({ ...tape, limit: 2, reverse: true })).toEqual([7, 4])
    expect(await positions({ ...tape, limit: 2, reverse: true, after: 2 })).toEqual([1])
  })

  it('ends a page before the event that would pass its bytes, yet always gives one', async () => {
    const big = await journal.append(
      { stream: 'run/big', type: 'RUN_HALTED', data: ofSize(200 * KIB) },
      { stream: 'run/big', type: 'RUN_HALTED', data: ofSize(10) },
      { stream: 'run/big', type: 'RUN_HALTED', data: ofSize(10) },
    )
    const [first, second, third] = big.map(({ position }) => position)
    const tape = { tenant: 'main', stream: 'run/big', limit: 10, bytesMax: 100 * KIB }
    expect(await page(tape)).toMatchObject({ events: [{ position: first }], more: true })
    expect(await page({ ...tape, after: 1 })).toMatchObject({
      events: [{ position: second }, { position: third }],
      more: false,
    })
    expect(await page({ ...tape, reverse: true })).toMatchObject({
      events: [{ position: third }, { position: second }],
      more: true,
    })
  })

  it('gives large payloads whole, between small ones', async () => {
    const sizes = [10, 40 * KIB, 10, 9 * KIB, 8 * KIB, 200 * KIB]
    const written = await journal.append(
      ...sizes.map((bytes) => ({ stream: 'run/mixed', type: 'RUN_HALTED', data: ofSize(bytes) })),
    )
    const tape = { tenant: 'main', stream: 'run/mixed', limit: 10 }
    expect(await page(tape)).toEqual({ events: written, more: false })
    expect(await page({ ...tape, reverse: true, limit: 3 })).toEqual({
      events: written.toReversed().slice(0, 3),
      more: true,
    })
  })

  // With `tenant =` in the statement or in the policy, all rows of the tenant are read for each page: 20,000 here.
  it('touches a few times as many rows as a page has, also in a table of which the planner knows nothing', async () => {
    await journal.append(
      ...Array.from({ length: 20_000 }, (_, n) => ({ stream: `run/many-${n % 50}`, type: 'RUN_HALTED' })),
    )
    // Entries of indexes and rows of whole tables. Also counts what the connection did a moment ago, so it is asked before and after.
    const rowsRead = async (trx: Transaction<unknown>): Promise<number> => {
      const { rows } = await sql<{ count: number }>`
        select sum(pg_stat_get_xact_tuples_returned(oid))::integer as count from pg_class
        where relnamespace = 'journal'::regnamespace and relname like 'events%'`.execute(trx)
      return rows[0]?.count ?? 0
    }
    const readCounted = async (trx: Transaction<unknown>) => {
      const before = await rowsRead(trx)
      const read = await journalReader(trx).page({ tenant: 'main', after: 10_000, limit: 100 })
      return { events: read, fetched: (await rowsRead(trx)) - before }
    }
    const { events, fetched } = await journal.database.asTenant('main', readCounted)
    expect(events).toHaveLength(100)
    expect(fetched).toBeLessThanOrEqual(400)
  })
})
