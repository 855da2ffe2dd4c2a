import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openDatabase, openEmbedded } from '@daybook/database'
import { journalReader } from '@daybook/eventing'
import { verifyChain } from '@daybook/events'
import { createTestDatabase, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { journalMigrations } from '../src/service.ts'
import { LEAF_POSITIONS } from '../src/store/partitions.ts'
import type { JournalTables } from '../src/store/tables.ts'
import { createJournalDatabase, log, openJournalService } from './service-fixture.ts'

/** As if so many events had been appended before. */
async function moveHead(database: Database<JournalTables>, position: number): Promise<void> {
  await sql`update journal.head set position = ${position}`.execute(database.kysely)
}

async function leavesOf(database: Database<JournalTables>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'journal.events'::regclass order by length(inhrelid::regclass::text), 1`.execute(
    database.kysely,
  )
  return rows.map(({ name }) => name)
}

describe('the leaves of journal.events', () => {
  it('are made ahead, so that appends go on over the end of one', async () => {
    await using test = await createJournalDatabase()
    const database = test.connect()
    await moveHead(database, LEAF_POSITIONS - 3)
    await using journal = await openJournalService(database)
    const events = Array.from({ length: 6 }, (_, index) => log('run/a', String(index)))
    const { receipts } = await journal.append(events)
    expect(receipts.map(({ position }) => position - LEAF_POSITIONS)).toEqual([-2, -1, 0, 1, 2, 3])
    // Now the second one is begun, and the third is made while appends go on.
    await waitFor(async () => (await leavesOf(database)).length === 3, { what: 'the third leaf' })
    expect(await leavesOf(database)).toEqual([
      'journal.events_from_1',
      `journal.events_from_${LEAF_POSITIONS + 1}`,
      `journal.events_from_${2 * LEAF_POSITIONS + 1}`,
    ])
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from journal.events_from_1000001`.execute(database.kysely)
    expect(rows[0]?.n).toBe(3)
  })

  it('are one journal to a reader: a stream, a kind and the whole are read over their borders', async () => {
    await using test = await createJournalDatabase()
    const database = test.connect()
    await using journal = await openJournalService(database)
    await journal.append([log('run/a', '1'), log('run/b', '1')])
    await moveHead(database, 3 * LEAF_POSITIONS - 1)
    await sql`select journal.ensure_partitions(${LEAF_POSITIONS})`.execute(database.kysely)
    await journal.append([log('run/a', '2'), log('run/a', '3')])
    const reader = journalReader(database.kysely)
    const stream = await reader.page({ tenant: 'main', stream: 'run/a', limit: 10 })
    expect([stream.map(({ seq }) => seq), verifyChain(stream)]).toEqual([[1, 2, 3], undefined])
    const positions = async (query: object) =>
      (await reader.page({ limit: 10, ...query })).map(({ position }) => position)
    const end = 3 * LEAF_POSITIONS
    expect(await positions({ after: 2 })).toEqual([end, end + 1])
    expect(await positions({ after: 2, kinds: ['run'] })).toEqual([end, end + 1])
    expect(await positions({ after: end })).toEqual([end + 1])
    expect(await positions({ reverse: true, after: end })).toEqual([2, 1])
    expect(await positions({ reverse: true, after: end, kinds: ['run'] })).toEqual([2, 1])
  })

  // Ids are unique in a leaf by no index of its own.
  it('recognise a repetition of an event in another leaf, by id and by key', async () => {
    await using test = await createJournalDatabase()
    const database = test.connect()
    const event = log('run/a', 'once')
    const keyed = log('run/a', 'keyed', { key: 'slot:1' })
    let first: object[]
    {
      await using journal = await openJournalService(database)
      first = (await journal.append([event, keyed])).receipts
    }
    await moveHead(database, LEAF_POSITIONS + 5)
    await using journal = await openJournalService(database)
    const again = await journal.append([event, { ...log('run/a', 'keyed'), key: 'slot:1' }])
    expect(again.receipts).toEqual(first.map((receipt) => ({ ...receipt, duplicate: true })))
    const other = await journal.post({ events: [{ ...event, data: { message: 'other' } }] })
    expect(other.body.code).toBe('id-reused')
  })

  it.each(['update', 'delete', 'truncate'])('refuse %s, also when named by themselves', async (verb) => {
    await using test = await createJournalDatabase()
    const database = test.connect()
    await moveHead(database, 1)
    await sql`select journal.ensure_partitions(${LEAF_POSITIONS})`.execute(database.kysely)
    const leaf = 'journal.events_from_1000001'
    const statement =
      verb === 'update'
        ? `update ${leaf} set type = type`
        : verb === 'delete'
          ? `delete from ${leaf}`
          : `truncate ${leaf}`
    await expect(sql.raw(statement).execute(database.kysely)).rejects.toThrow(/append-only/)
  })

  it('let nothing but a payload go, even while an erasure is said to be under way', async () => {
    await using test = await createJournalDatabase()
    const database = test.connect()
    await using journal = await openJournalService(database)
    await journal.append([log('run/a', '1')])
    const whileErasing = (statement: string) =>
      database.kysely.transaction().execute(async (trx) => {
        await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
        await sql.raw(statement).execute(trx)
      })
    const refused = /append-only/
    await expect(
      whileErasing(`update journal.events set type = 'X', data = null, erasure_id = 'x'`),
    ).rejects.toThrow(refused)
    await expect(whileErasing(`update journal.events set data = '{}'`)).rejects.toThrow(refused)
    await expect(whileErasing(`delete from journal.events`)).rejects.toThrow(refused)
    await whileErasing(`update journal.events set data = null, erasure_id = 'x'`)
    const [event] = await journalReader(database.kysely).page({ limit: 1 })
    expect([event?.data, event?.erased]).toEqual([{}, { erasureId: 'x' }])
    expect(verifyChain(event === undefined ? [] : [event])).toBeUndefined()
  })
})

describe('the migration to leaves', () => {
  it('keeps what a journal of before holds, and knows its ids, keys and streams', async () => {
    await using stack = new AsyncDisposableStack()
    const { url } = stack.use(await createTestDatabase())
    const database: Database<JournalTables> =
      url === undefined
        ? stack.use(await openEmbedded('memory://')).database()
        : stack.use(openDatabase({ url, applicationName: 'test' }))
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    stack.defer(() => rm(folder, { recursive: true }))
    const names = (await readdir(journalMigrations.directory)).filter((name) => name < '0006').toSorted()
    for (const name of names) await cp(join(journalMigrations.directory, name), join(folder, name))
    await migrate(database, { service: 'journal', directory: folder })
    await sql`
      insert into journal.events
      select n, 'main', 'run/' || n % 2, 'run', (n + 1) / 2, lpad(n::text, 26, '0'), 'PROCESS_LOG', 1,
        case n when 3 then 'k' end, '{"message":"old"}', 'user', 'me', now(), now(), null, null, null,
        sha256('a'), sha256('b'), sha256('c')
      from generate_series(1, 5) n`.execute(database.kysely)
    await sql`insert into journal.streams select 'main', 'run/' || n, 2 + n, sha256('c') from generate_series(0, 1) n`.execute(
      database.kysely,
    )
    await sql`update journal.head set position = 5`.execute(database.kysely)

    await migrate(database, journalMigrations)

    const events = await journalReader(database.kysely).page({ limit: 10 })
    expect(events.map(({ position, key, data }) => [position, key, data])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [n, n === 3 ? 'k' : undefined, { message: 'old' }]),
    )
    await using journal = await openJournalService(database)
    const byKey = await journal.post({ events: [log('run/1', 'other', { key: 'k' })] })
    expect(byKey.body.code).toBe('key-reused')
    const byId = await journal.post({ events: [{ ...log('run/1', 'x'), id: '00000000000000000000000004' }] })
    expect(byId.body.code).toBe('id-reused')
    const { receipts } = await journal.append([log('run/1', 'new')])
    expect(receipts[0]).toMatchObject({ seq: 4, position: 6 })
    const stream = await journalReader(database.kysely).page({ tenant: 'main', stream: 'run/1', limit: 10 })
    expect(stream.map(({ position }) => position)).toEqual([1, 3, 5, 6])
  })
})
