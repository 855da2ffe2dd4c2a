import { Client } from 'pg'
import { expect } from 'vitest'
import { createTestDatabase, describeWithServer, itWithServer } from '../src/postgres.ts'

describeWithServer('createTestDatabase', () => {
  itWithServer('gives an empty database that has pgvector at hand', async () => {
    await using database = await createTestDatabase()
    const tables = await rows(database.url, `select 1 from pg_tables where schemaname = 'public'`)
    const vector = await rows(database.url, `select name from pg_available_extensions where name = 'vector'`)
    expect([tables, vector]).toEqual([[], [{ name: 'vector' }]])
  })

  itWithServer('gives each caller a database of its own, several at once', async () => {
    const databases = await Promise.all([1, 2, 3, 4].map(() => createTestDatabase()))
    expect(new Set(databases.map(({ url }) => url)).size).toBe(4)
    await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()))
  })

  itWithServer('gives copies of what was put into a database once, several at once', async () => {
    let filled = 0
    const fill = async (url: string) => {
      filled += 1
      await rows(url, 'create table note (text text)')
    }
    const create = () => createTestDatabase({ name: 'test-note', fill })
    const databases = await Promise.all([create(), create(), create()])
    await rows(databases[0]?.url, `insert into note values ('of the first alone')`)
    const counts = await Promise.all(
      databases.map(({ url }) => rows(url, 'select count(*)::int n from note')),
    )
    expect(counts.flat()).toEqual([{ n: 1 }, { n: 0 }, { n: 0 }])
    expect(filled).toBe(1)
    await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()))
  })

  itWithServer('drops the database, also under an open connection', async () => {
    const database = await createTestDatabase()
    const client = new Client({ connectionString: database.url })
    client.on('error', () => undefined)
    await client.connect()
    await database[Symbol.asyncDispose]()
    await expect(rows(database.url, 'select 1')).rejects.toMatchObject({ code: '3D000' })
    await client.end().catch(() => undefined)
  })

  itWithServer('keeps the promises of production: fsync and data checksums', async () => {
    await using database = await createTestDatabase()
    const settings = await rows(
      database.url,
      `select current_setting('fsync') f, current_setting('data_checksums') c`,
    )
    expect(settings).toEqual([{ f: 'on', c: 'on' }])
  })
})

async function rows(url: string | undefined, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}
