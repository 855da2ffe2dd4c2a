import { migrate } from '@daybook/database'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { describeTables } from '../../../packages/eventing/test/describe-tables.ts'
import { createJournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { cronMigrations } from '../src/service.ts'
import { defined, runAt, started } from './job-entries.ts'
import { createMigratedJournal, openReadModel } from './jobs-fixture.ts'

it('adds jobs to a database that has a journal, and takes up those that were journaled before', async () => {
  await using journal = await createJournalFixture()
  const place = { job: 'nightly' }
  const events = await journal.append(defined(place), started(place, '03:00'))
  await migrate(journal.database, cronMigrations)
  await migrate(journal.database, cronMigrations)
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.views where table_schema = 'cron' order by 1`.execute(
    journal.database.kysely,
  )
  expect(rows.map(({ name }) => name)).toEqual(['cron_checkpoints', 'cron_parked_streams', 'jobs', 'runs'])
  await using fixture = await openReadModel({ journal })
  await fixture.service.jobs.waitFor(events.length, 10_000)
  expect((await ask(fixture, '/v1/cron/jobs/nightly')).body).toMatchObject({
    state: 'active',
    open: [{ run: runAt('03:00') }],
  })
})

it('gives a new generation tables that are as those of the first', async () => {
  await using journal = await createMigratedJournal()
  const { kysely } = journal.database
  await sql`select cron.begin_generation('cron', 1, 'test', 'user', 'ada')`.execute(kysely)
  await sql`select cron.index_generation('cron', 2)`.execute(kysely)
  expect(await describeTables(kysely, 'cron_cron_g2')).toEqual(await describeTables(kysely, 'cron_cron_g1'))
})
