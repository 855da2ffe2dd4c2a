import { migrate } from '@daybook/database'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { describeTables } from '../../../packages/eventing/test/describe-tables.ts'
import { createJournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { inboundMigrations } from '../src/service.ts'
import { claimed, keyIn, received } from './message-entries.ts'
import { createMigratedJournal, openService } from './service-fixture.ts'

it('adds messages to a database that has a journal, and takes up those that were journaled before', async () => {
  await using journal = await createJournalFixture()
  const events = await journal.append(received('m1'), claimed('m1'))
  await migrate(journal.database, inboundMigrations)
  await migrate(journal.database, inboundMigrations)
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.views where table_schema = 'inbound' order by 1`.execute(
    journal.database.kysely,
  )
  expect(rows.map(({ name }) => name)).toEqual([
    'inbound_checkpoints',
    'inbound_parked_streams',
    'lanes',
    'messages',
    'totals',
  ])
  await using fixture = await openService({ journal, compareMs: 20 })
  await fixture.service.messages.waitFor(events.length, 10_000)
  expect((await ask(fixture, `/v1/inbound/messages/${keyIn('m1')}`)).body).toMatchObject({ state: 'claimed' })
})

it('gives a new generation tables that are as those of the first', async () => {
  await using journal = await createMigratedJournal()
  const { kysely } = journal.database
  await sql`select inbound.begin_generation('inbound', 1, 'test', 'user', 'ada')`.execute(kysely)
  await sql`select inbound.index_generation('inbound', 2)`.execute(kysely)
  expect(await describeTables(kysely, 'inbound_inbound_g2')).toEqual(
    await describeTables(kysely, 'inbound_inbound_g1'),
  )
})
