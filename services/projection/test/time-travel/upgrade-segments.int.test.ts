import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '@daybook/database'
import { foldRun, runDocument } from '@daybook/events'
import { createTempFolder, describeWithServer } from '@daybook/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { createJournalFixture } from '../../../../packages/eventing/test/journal-fixture.ts'
import { projectionMigrations } from '../../src/service.ts'
import { created, requested, resolved } from '../run-entries.ts'
import { createMigratedJournal, openService, type ServiceFixture } from '../service-fixture.ts'
import { ask } from './ask.ts'

const steps = Array.from({ length: 700 }, (_, n) => [requested('r1', `e${n}`), resolved('r1', `e${n}`, n)])
const longRun = [created('r1'), ...steps.flat()]

async function requireStateDeepIn({ journal, ...fixture }: ServiceFixture): Promise<void> {
  const events = await journal.readAll()
  const { body } = await ask({ journal, ...fixture }, '/v1/runs/r1/state?at=1300&effects=all&limit=1024')
  const { run, effects } = runDocument(foldRun(events.filter(({ seq }) => seq <= 1_300)))
  expect({ run: body.run, effects: body.effects }).toEqual({ run, effects })
  const { rows } = await sql`select from projection.state_segments`.execute(journal.database.kysely)
  expect(rows).toHaveLength(5)
}

describeWithServer('a database from before there were segments', () => {
  it('has states deep in its runs after the migration', async () => {
    await using folder = await createTempFolder()
    await using journal = await createJournalFixture()
    for (const name of await readdir(projectionMigrations.directory)) {
      if (name < '0010') await cp(join(projectionMigrations.directory, name), join(folder.path, name))
    }
    await migrate(journal.database, { service: 'projection', directory: folder.path })
    await journal.append(...longRun)
    expect(await migrate(journal.database, projectionMigrations)).toContain('0010_create_state_segments.sql')
    await using fixture = await openService({ journal })
    await requireStateDeepIn(fixture)
  })
})

describeWithServer('with the rights of the service alone', () => {
  it('segments are made and read', async () => {
    await using journal = await createMigratedJournal()
    await journal.append(...longRun)
    await using fixture = await openService({
      journal,
      database: (of) => of.openAs('daybook_projection'),
    })
    await requireStateDeepIn(fixture)
  })
})
