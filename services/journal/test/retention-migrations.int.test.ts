import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, migrate, openDatabase, openEmbedded } from '@daybook/database'
import { journalReader } from '@daybook/eventing'
import { createTempFolder, createTestDatabase } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { journalMigrations } from '../src/service.ts'
import type { JournalTables } from '../src/store/tables.ts'
import { send } from './http.ts'
import { openJournalService } from './service-fixture.ts'

const CONTENT = 'the content of a blob'

/** Two runs of one event each, from before; the second one refers to a blob. */
async function fillAsBefore(database: Database<JournalTables>): Promise<string> {
  const { rows } = await sql<{ sha256: string }>`
    insert into journal.blobs (tenant, sha256, bytes, media_type, content)
    values ('main', sha256(${Buffer.from(CONTENT)}), ${CONTENT.length}, 'text/plain', ${Buffer.from(CONTENT)})
    returning encode(sha256, 'hex') as sha256`.execute(database.kysely)
  const sha256 = rows[0]?.sha256 ?? ''
  await sql`
    insert into journal.events (position, tenant, stream, kind, seq, id, type, v, data, actor_kind, actor_id, occurred_at,
      recorded_at, checksum, prev, hash)
    select n, 'main', 'run/' || n, 'run', 1, lpad(n::text, 26, '0'), 'RUN_COMPLETED', 1, data, 'user', 'me',
      '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', sha256(convert_to(data, 'UTF8')), decode(repeat('00', 32), 'hex'), sha256('h')
    from generate_series(1, 2) n,
      lateral (select case n when 1 then '{"output":"old"}' else ${`{"output":{"$blob":"${sha256}"}}`} end as data) payload`.execute(
    database.kysely,
  )
  await sql`insert into journal.event_ids select tenant, id, position from journal.events`.execute(
    database.kysely,
  )
  await sql`insert into journal.streams select tenant, stream, 1, hash, position, position from journal.events`.execute(
    database.kysely,
  )
  await sql`update journal.head set position = 2`.execute(database.kysely)
  return sha256
}

describe('the migration of erasures', () => {
  it('lets what a journal of before holds be erased', async () => {
    await using stack = new AsyncDisposableStack()
    const { url } = stack.use(await createTestDatabase())
    const database: Database<JournalTables> =
      url === undefined
        ? stack.use(await openEmbedded('memory://')).database()
        : stack.use(openDatabase({ url, applicationName: 'test' }))
    const folder = stack.use(await createTempFolder())
    for (const name of (await readdir(journalMigrations.directory)).filter((file) => file < '0008'))
      await cp(join(journalMigrations.directory, name), join(folder.path, name))
    await migrate(database, { service: 'journal', directory: folder.path })
    const sha256 = await fillAsBefore(database)

    await migrate(database, journalMigrations)

    await using journal = await openJournalService(database)
    const erased = await send(journal, 'POST', '/v1/erasures', { stream: 'run/2', reason: 'x' })
    expect(erased.body.progress).toMatchObject({ payloads: 'done', blobs: 'done' })
    expect((await fetch(`${journal.service.http.url}/v1/blobs/${sha256}`)).status).toBe(404)
    const reader = journalReader(database.kysely)
    const [first, second] = await reader.page({ limit: 2 })
    expect([first?.data, second?.data, second?.erased]).toEqual([
      { output: 'old' },
      {},
      { erasureId: erased.body.erasureId },
    ])
  })
})
