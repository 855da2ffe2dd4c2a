import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '@daybook/database'
import { createTempFolder } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { explaining } from '../../../packages/eventing/test/explaining.ts'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { listApprovals } from '../src/approvals/store.ts'
import { whenRunsChanged } from '../src/handlers.ts'
import { projectionMigrations } from '../src/service.ts'
import { created, requested } from './run-entries.ts'
import { createMigratedJournal, inRunsTables } from './service-fixture.ts'

async function indexesOf({ database }: JournalFixture): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select schemaname || '.' || indexname as name from pg_indexes
    where indexname like 'effects%breakpoints_idx' order by name`.execute(database.kysely)
  return rows.map(({ name }) => name)
}

const BOTH = ['effects_breakpoints_idx', 'effects_pending_breakpoints_idx']
const EVERYWHERE = ['projection_runs_g1', 'projection_runs_layout'].flatMap((schema) =>
  BOTH.map((index) => `${schema}.${index}`),
)

describe('the indexes of approvals', () => {
  it('are added to tables that hold effects already, and to those that are made later', async () => {
    await using journal = await createJournalFixture()
    await using folder = await createTempFolder()
    const earlier = (await readdir(projectionMigrations.directory)).filter((name) => name < '0009')
    for (const name of earlier) await cp(join(projectionMigrations.directory, name), join(folder.path, name))
    await migrate(journal.database, { service: 'projection', directory: folder.path })
    const events = await journal.append(created('r'), requested('r', 'b', { kind: 'breakpoint' }))
    await inRunsTables(journal, (trx) => whenRunsChanged(trx, events))
    expect(await indexesOf(journal)).toEqual([])
    await migrate(journal.database, projectionMigrations)
    expect(await indexesOf(journal)).toEqual(EVERYWHERE)
    const { rows } = await inRunsTables(journal, (trx) => listApprovals(trx, { tenant: 'main', limit: 10 }))
    expect(rows.map((row) => row.effect_id)).toEqual(['b'])
  })

  it.each([
    ['pending', 'effects_pending_breakpoints_idx'],
    ['decided', 'effects_breakpoints_idx'],
  ] as const)('let a page of %s ones be read in its order', async (status, index) => {
    await using journal = await createMigratedJournal()
    const after = { requestedAt: '2026-11-21T08:00:00.000Z', runId: 'r', effectId: 'e' }
    const plan = await inRunsTables(journal, async (trx) => {
      await sql`set local enable_seqscan = off`.execute(trx)
      await sql`set local enable_bitmapscan = off`.execute(trx)
      await sql`set local enable_sort = off`.execute(trx)
      const { rows } = await listApprovals(trx.withPlugin(explaining('explain')), {
        tenant: 'main',
        status,
        after,
        limit: 10,
      })
      return JSON.stringify(rows)
    })
    expect(plan).toContain(`using ${index} on effects`)
    expect(plan).not.toMatch(/Sort Key: (?!measured\.nth)/)
  })
})
