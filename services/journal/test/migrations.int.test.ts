import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openDatabase, openEmbedded, requireMigrated } from '@daybook/database'
import { createTestDatabase } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { journalMigrations } from '../src/service.ts'
import { createJournalDatabase, log, openJournalService, readAll } from './service-fixture.ts'
import { expectSound } from './sound.ts'

async function emptyDatabase(): Promise<AsyncDisposable & { database: Database<unknown> }> {
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await createTestDatabase())
  const database: Database<unknown> =
    url === undefined
      ? stack.use(await openEmbedded('memory://')).database()
      : stack.use(openDatabase({ url, applicationName: 'test' }))
  const opened = stack.move()
  return { database, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

describe('the migrations of the journal', () => {
  it('run one after the other, each on what the ones before it left, and only once', async () => {
    await using empty = await emptyDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    const names = (await readdir(journalMigrations.directory)).toSorted()
    for (const name of names) {
      await cp(join(journalMigrations.directory, name), join(folder, name))
      expect(await migrate(empty.database, { service: 'journal', directory: folder })).toEqual([name])
    }
    await rm(folder, { recursive: true })
    expect(await migrate(empty.database, journalMigrations)).toEqual([])
    await requireMigrated(empty.database, journalMigrations)
  })

  it('run once when several processes start at the same time', async () => {
    await using empty = await emptyDatabase()
    const applied = await Promise.all([1, 2, 3].map(() => migrate(empty.database, journalMigrations)))
    expect(applied.length).toBe(3)
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from daybook.migrations`.execute(
      empty.database.kysely,
    )
    expect(rows[0]?.n).toBe((await readdir(journalMigrations.directory)).length)
  })

  it('keep what a journal holds', async () => {
    await using database = await createJournalDatabase()
    await using journal = await openJournalService(database.connect())
    await journal.append([log('run/a', '1'), log('run/a', '2')])
    expect(await migrate(database.connect(), journalMigrations)).toEqual([])
    expectSound(await readAll(database.connect()))
  })

  it('leave dead letters of before they could be settled open', async () => {
    await using empty = await emptyDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    const names = (await readdir(journalMigrations.directory)).filter((name) => name < '0011')
    for (const name of names) await cp(join(journalMigrations.directory, name), join(folder, name))
    await migrate(empty.database, { service: 'journal', directory: folder })
    await rm(folder, { recursive: true })
    await sql`
      insert into journal.dead_letters (id, tenant, source, subject, fingerprint, headers, body, code, detail)
      values (repeat('0', 26), 'main', 'journal-queue', 's', sha256('x'), '{}', 'x', 'c', 'd')`.execute(
      empty.database.kysely,
    )
    await migrate(empty.database, journalMigrations)
    const { rows } =
      await sql`select status, resolved_at, position, occurrences from journal.dead_letters`.execute(
        empty.database.kysely,
      )
    expect(rows).toEqual([{ status: 'open', resolved_at: null, position: null, occurrences: 1 }])
  })

  it('refuse an edited file, and a database that is newer than the code', async () => {
    await using empty = await emptyDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    const source = { service: 'journal', directory: folder }
    await writeFile(join(folder, '0001_create_a.sql'), 'create table a (n int);')
    await writeFile(join(folder, '0002_create_b.sql'), 'create table b (n int);')
    await migrate(empty.database, source)
    await writeFile(join(folder, '0001_create_a.sql'), 'create table a (n bigint);')
    await expect(migrate(empty.database, source)).rejects.toThrow(/0001_create_a.sql was edited/)
    await writeFile(join(folder, '0001_create_a.sql'), 'create table a (n int);')
    await rm(join(folder, '0002_create_b.sql'))
    await expect(requireMigrated(empty.database, source)).rejects.toThrow(/does not know/)
    await rm(folder, { recursive: true })
  })

  it('leave nothing of a file that fails, and the service refuses to start', async () => {
    await using empty = await emptyDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    const source = { service: 'journal', directory: folder }
    await writeFile(join(folder, '0001_create_a.sql'), 'create table a (n int); select 1 / 0;')
    await expect(migrate(empty.database, source)).rejects.toMatchObject({ code: 'migration-failed' })
    await expect(requireMigrated(empty.database, source)).rejects.toThrow(/lack 1 migration/)
    await writeFile(join(folder, '0001_create_a.sql'), 'create table a (n int);')
    expect(await migrate(empty.database, source)).toEqual(['0001_create_a.sql'])
    await rm(folder, { recursive: true })
  })
})
