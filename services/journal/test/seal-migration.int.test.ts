import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openDatabase, openEmbedded } from '@daybook/database'
import { eventLeaf, generateSignerKey, openCheckpoint, rootOf } from '@daybook/events'
import { createTestDatabase } from '@daybook/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { journalMigrations } from '../src/migrations.ts'
import { sealNext } from '../src/seal/seal.ts'
import type { JournalTables } from '../src/store/tables.ts'

it('the migration to seals leaves a journal of before as it is, and all of it can be sealed', async () => {
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await createTestDatabase())
  const database: Database<JournalTables> =
    url === undefined
      ? stack.use(await openEmbedded('memory://')).database()
      : stack.use(openDatabase({ url, applicationName: 'test' }))
  const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const names = (await readdir(journalMigrations.directory)).filter((name) => name < '0007')
  for (const name of names) await cp(join(journalMigrations.directory, name), join(folder, name))
  await migrate(database, { service: 'journal', directory: folder })
  await sql`
    insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id,
      occurred_at, recorded_at, checksum, prev, hash)
    select n, 'main', 'run/a', 'run', n, lpad(n::text, 26, '0'), 'PROCESS_LOG', 1, '{}', 'user', 'me', now(), now(),
      sha256('a'), sha256('b'), sha256(n::text::bytea) from generate_series(1, 300) n`.execute(
    database.kysely,
  )
  await sql`update journal.head set position = 300`.execute(database.kysely)
  const read = async () =>
    (await sql<object>`select * from journal.events order by position`.execute(database.kysely)).rows
  const before = await read()

  await migrate(database, journalMigrations)

  expect(await read()).toEqual(before)
  const { key } = generateSignerKey('test.example/journal')
  const { checkpoint } = await sealNext(database, { signer: key, origin: 'test.example/journal' })
  const { rows } = await sql<{ position: number; hash: string }>`
    select position, encode(hash, 'hex') as hash from journal.events order by position`.execute(
    database.kysely,
  )
  expect(openCheckpoint(checkpoint?.note ?? '', [key.verifier])).toMatchObject({
    checkpoint: { size: 300, root: rootOf(rows.map(eventLeaf)) },
  })
})
