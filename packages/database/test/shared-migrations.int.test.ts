import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempFolder, createTestDatabase } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Database,
  type MigrationSource,
  migrate,
  openDatabase,
  openEmbedded,
  requireMigrated,
} from '../src/index.ts'

let stack: AsyncDisposableStack
let database: Database<unknown>
let common: string
let own: string

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const { url } = stack.use(await createTestDatabase())
  database =
    url === undefined
      ? stack.use(await openEmbedded('memory://')).database<unknown>()
      : stack.use(openDatabase<unknown>({ url, applicationName: 'test', poolMax: 2 }))
  common = stack.use(await createTempFolder()).path
  own = stack.use(await createTempFolder()).path
  await writeFile(join(common, '0001_create_room.sql'), 'create schema {{schema}};')
  await writeFile(join(own, '0001_create_toys.sql'), 'create table box.toys (name text);')
})
afterEach(() => stack.disposeAsync())

function source(words: Readonly<Record<string, string>> = { schema: 'box' }): MigrationSource {
  return { service: 'toys', directory: own, shared: { name: 'rooms', directory: common, words } }
}

async function applied(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from daybook.migrations where service = 'toys' order by applied_at`.execute(database.kysely)
  return rows.map(({ name }) => name)
}

describe('migrations that services share', () => {
  it('are applied in the words of the service, before its own, and once', async () => {
    expect(await migrate(database, source())).toEqual(['rooms/0001_create_room.sql', '0001_create_toys.sql'])
    expect(await migrate(database, source())).toEqual([])
    expect(await applied()).toEqual(['rooms/0001_create_room.sql', '0001_create_toys.sql'])
    await sql`select * from box.toys`.execute(database.kysely)
  })

  it('are taken up later, too, by a service whose own have been applied', async () => {
    await migrate(database, source())
    await writeFile(join(common, '0002_create_shelf.sql'), 'create table {{schema}}.shelf ();')
    await expect(requireMigrated(database, source())).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('rooms/0002_create_shelf.sql'),
    })
    expect(await migrate(database, source())).toEqual(['rooms/0002_create_shelf.sql'])
    await requireMigrated(database, source())
  })

  // Were the words no part of the checksum, a service with other words would find itself migrated, and its tables nowhere.
  it('are others in other words', async () => {
    await migrate(database, source())
    await expect(requireMigrated(database, source({ schema: 'chest' }))).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('rooms/0001_create_room.sql was edited'),
    })
  })

  it.each([
    ['a word that is missing', {}],
    ['a word that would be more than a name', { schema: 'box; drop schema public' }],
    ['a word that would need quotes', { schema: 'Box' }],
    ['a word too long for the names that are made with it', { schema: 'b'.repeat(40) }],
  ])('do nothing with %s', async (_what, words) => {
    await expect(migrate(database, source(words))).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('{{schema}}'),
    })
    expect(await applied()).toEqual([])
  })
})
