import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@daybook/database'
import { journalReader } from '@daybook/eventing'
import { itWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { useTables } from '../../../packages/eventing/src/generation.ts'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { whenRunsChangedInVersion1 } from '../src/handlers.ts'
import { projectionMigrations } from '../src/service.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService } from './service-fixture.ts'

async function rowsOf<Row>(journal: JournalFixture, text: string): Promise<Row[]> {
  return (await sql.raw<Row>(text).execute(journal.database.kysely)).rows
}

/** The tables as version 1 of the read model had them, with runs in them. */
async function createVersion1(): Promise<JournalFixture> {
  const journal = await createJournalFixture()
  const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
  for (const name of (await readdir(projectionMigrations.directory)).filter((each) => each < '0007')) {
    await cp(join(projectionMigrations.directory, name), join(folder, name))
  }
  await migrate(journal.database, { service: 'projection', directory: folder })
  await rm(folder, { recursive: true })
  const events = await journal.append(
    created('done'),
    requested('done', 'e', { kind: 'breakpoint' }),
    { stream: 'run/done', type: 'COST_TRACKED', data: { model: 'm', costUsd: 0.5 } },
    resolved('done', 'e'),
    completed('done'),
    created('open'),
    requested('open', 'e'),
  )
  await journal.database.transaction(async (trx) => {
    await useTables(trx, 'projection_runs_g1')
    await whenRunsChangedInVersion1(trx, await journalReader(trx).page({ limit: 100 }))
    await sql`insert into checkpoints (name, version, kind, position, era)
      values ('runs', 1, 'run', ${events.length}, 1)`.execute(trx)
  })
  await migrate(journal.database, projectionMigrations)
  return journal
}

describe('the migration to version 2 of the read model of runs', () => {
  it('leaves the tables of version 1 as they are while they hold something', async () => {
    await using journal = await createVersion1()
    const [run] = await rowsOf<{ document: object }>(
      journal,
      `select document from projection.runs where run_id = 'done'`,
    )
    expect(run?.document).toMatchObject({ runId: 'done', status: 'completed' })
    expect(run?.document).not.toHaveProperty('durationMs')
    expect(run?.document).not.toHaveProperty('costs')
    expect(
      await rowsOf(
        journal,
        "select generation, version, state from projection.generations where projection = 'runs'",
      ),
    ).toEqual([{ generation: 1, version: 1, state: 'running' }])
  })

  it('makes an installation without any run one of version 2 at once', async () => {
    await using journal = await createJournalFixture()
    await migrate(journal.database, projectionMigrations)
    expect(
      await rowsOf(
        journal,
        "select generation, version, state from projection.generations where projection = 'runs'",
      ),
    ).toEqual([{ generation: 1, version: 2, state: 'running' }])
    expect(await rowsOf(journal, 'select ended_at, duration_ms from projection.runs')).toEqual([])
  })
})

describe('the service after the update', () => {
  itWithServer('serves version 1, kept fresh, until version 2 is built and takes its place', async () => {
    await using journal = await createVersion1()
    const execute = (text: string) => rowsOf(journal, text)
    // Somebody else builds it, and takes his time.
    await execute(`select projection.begin_generation('runs', 2, 'test', 'user', 'ada')`)
    await execute(`update projection.generations set builder = 'another', seen_at = now() + interval '1 hour'
      where projection = 'runs' and generation = 2`)
    await using fixture = await openService({
      journal,
      compareMs: 20,
      database: () => journal.openAs('daybook_projection'),
    })
    const [event] = await journal.append(
      { stream: 'run/open', type: 'COST_TRACKED', data: { model: 'm', costUsd: 1 } },
      resolved('open', 'e'),
    )
    const path = `/v1/runs/open?minPosition=${(event?.position ?? 0) + 1}`
    const before = await fixture.get(path)
    expect(before).toMatchObject({ status: 200, body: { status: 'running', lastSeq: 4 } })
    expect(before.body).not.toHaveProperty('costs')
    expect((await fixture.get('/v1/runs?since=2026-01-01&order=asc')).body.runs).toHaveLength(2)
    expect(await fixture.get('/v1/runs?sort=duration')).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    })
    await execute(
      `update projection.generations set builder = null where projection = 'runs' and generation = 2`,
    )
    const sorted = await waitFor(
      async () => {
        const answer = await fixture.get('/v1/runs?sort=duration')
        return answer.status === 200 ? answer.body : undefined
      },
      { what: 'version 2 to run' },
    )
    expect(sorted.runs).toMatchObject([
      {
        runId: 'done',
        durationMs: 4,
        waitedForPeopleMs: 2,
        costs: { calls: 1, money: { USD: 0.5 } },
      },
    ])
    expect((await fixture.get('/v1/runs/open')).body).toMatchObject({ costs: { money: { USD: 1 } } })
  })
})
