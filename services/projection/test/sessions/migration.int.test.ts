import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@daybook/database'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { describeTables } from '../../../../packages/eventing/test/describe-tables.ts'
import { createJournalFixture } from '../../../../packages/eventing/test/journal-fixture.ts'
import { projectionMigrations } from '../../src/service.ts'
import { created } from '../run-entries.ts'
import { openService } from '../service-fixture.ts'
import { started } from './session-entries.ts'

it('adds sessions to a database that has runs, and takes up those that were journaled before', async () => {
  await using journal = await createJournalFixture()
  const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
  for (const name of (await readdir(projectionMigrations.directory)).filter((each) => each < '0007'))
    await cp(join(projectionMigrations.directory, name), join(folder, name))
  await migrate(journal.database, { service: 'projection', directory: folder })
  await rm(folder, { recursive: true })
  await sql`
    insert into projection.checkpoints (name, version, kind, position, era) values ('runs', 1, 'run', 0, 1)`.execute(
    journal.database.kysely,
  )
  const events = await journal.append(created('r1'), started('s1'))

  await migrate(journal.database, projectionMigrations)
  const { rows: views } = await sql<{ table_name: string }>`
    select table_name from information_schema.views where table_schema = 'projection' order by 1`.execute(
    journal.database.kysely,
  )
  expect(views.map(({ table_name: name }) => name)).toEqual(
    expect.arrayContaining([
      'checkpoints',
      'effects',
      'parked_streams',
      'runs',
      'session_runs',
      'sessions',
      'sessions_checkpoints',
      'sessions_parked_streams',
    ]),
  )
  const { rows } = await sql`select name from projection.checkpoints`.execute(journal.database.kysely)
  expect(rows).toEqual([{ name: 'runs' }])

  await using fixture = await openService({ journal, compareMs: 20 })
  await fixture.service.sessions.waitFor(events.length, 10_000)
  expect((await fixture.get('/v1/sessions/s1')).body).toMatchObject({ sessionId: 's1', lastSeq: 1 })
})

it('gives a new generation tables that are as those of the first', async () => {
  await using journal = await createJournalFixture()
  await migrate(journal.database, projectionMigrations)
  const rowsOf = async (text: string) => (await sql.raw(text).execute(journal.database.kysely)).rows
  await rowsOf(`select projection.begin_generation('sessions', 1, 'test', 'user', 'ada')`)
  await rowsOf(`select projection.index_generation('sessions', 2)`)
  const describe = (schema: string) => describeTables(journal.database.kysely, schema)
  expect(await describe('projection_sessions_g2')).toEqual(await describe('projection_sessions_g1'))
})
