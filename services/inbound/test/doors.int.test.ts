import { readdir } from 'node:fs/promises'
import { migrate } from '@daybook/database'
import { describe, expect, it } from 'vitest'
import { createJournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { inboundMigrations } from '../src/service.ts'
import { createMigratedJournal, openService } from './service-fixture.ts'

describe('the inbound service', () => {
  it('refuses to start before its tables are there', async () => {
    await using journal = await createJournalFixture()
    await expect(openService({ journal })).rejects.toMatchObject({ code: 'migration-failed' })
  })

  it('lists its read model, compares it with a fresh fold, and says whether it is ready', async () => {
    await using journal = await createMigratedJournal()
    await using fixture = await openService({ journal, compareMs: 20 })
    const { url } = fixture.service.http
    const list = await (await fetch(`${url}/v1/projections`)).json()
    expect(list).toMatchObject({ projections: [{ name: 'inbound', kinds: ['inbound'], failure: null }] })
    const verification = await fetch(`${url}/v1/projections/inbound/verify`, { method: 'POST' })
    expect([verification.status, await verification.json()]).toMatchObject([200, { ok: true, next: null }])
    const { checks }: { checks: object } = JSON.parse(await (await fetch(`${url}/readyz`)).text())
    expect(Object.keys(checks)).toEqual(expect.arrayContaining(['database', 'inbound', 'bus']))
  })
})

describe('the migrations', () => {
  it('run once, on a database whose journal has events already, after those that services share', async () => {
    await using journal = await createJournalFixture()
    await journal.append({ stream: 'run/r', type: 'RUN_HALTED' })
    const shared = await readdir(inboundMigrations.shared?.directory ?? '')
    const own = await readdir(inboundMigrations.directory)
    expect(await migrate(journal.database, inboundMigrations)).toEqual([
      ...shared.toSorted().map((name) => `generations/${name}`),
      ...own.toSorted(),
    ])
    expect(await migrate(journal.database, inboundMigrations)).toEqual([])
  })
})
