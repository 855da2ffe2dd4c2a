import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@daybook/database'
import { describeWithServer, itWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeTables } from '../../../packages/eventing/test/describe-tables.ts'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { projectionMigrations } from '../src/service.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { createMigratedJournal, openService, type ServiceFixture } from './service-fixture.ts'

const WAIT_MS = 10_000

async function rowsOf<Row>(journal: JournalFixture, text: string): Promise<Row[]> {
  return (await sql.raw<Row>(text).execute(journal.database.kysely)).rows
}

describe('the migration to generations', () => {
  it('keeps the read model that was there, and the names by which people read it', async () => {
    await using journal = await createJournalFixture()
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    for (const name of (await readdir(projectionMigrations.directory)).filter((each) => each < '0005')) {
      await cp(join(projectionMigrations.directory, name), join(folder, name))
    }
    await migrate(journal.database, { service: 'projection', directory: folder })
    await rm(folder, { recursive: true })
    await sql`
      insert into projection.runs (tenant, run_id, status, process_id, created_at, bytes, document)
      values ('main', 'r', 'running', 'p', now(), 2, '{}')`.execute(journal.database.kysely)
    await sql`
      insert into projection.checkpoints (name, version, kind, position, era) values ('runs', 1, 'run', 7, 1)`.execute(
      journal.database.kysely,
    )
    await migrate(journal.database, projectionMigrations)
    expect(await rowsOf(journal, 'select run_id from projection_runs_g1.runs')).toEqual([{ run_id: 'r' }])
    expect(await rowsOf(journal, 'select run_id from projection.runs')).toEqual([{ run_id: 'r' }])
    expect(await rowsOf(journal, 'select position from projection.checkpoints')).toEqual([{ position: 7 }])
    expect(await rowsOf(journal, 'select count(*)::int as n from projection_runs_layout.runs')).toEqual([
      { n: 0 },
    ])
  })
})

describe('the tables of a new generation', () => {
  it('are those of the layout: columns, keys, indexes, rights and policies', async () => {
    await using journal = await createMigratedJournal()
    await sql`select projection.begin_generation('runs', 1, 'test', 'user', 'ada')`.execute(
      journal.database.kysely,
    )
    await sql`select projection.index_generation('runs', 2)`.execute(journal.database.kysely)
    const layout = await describeTables(journal.database.kysely, 'projection_runs_layout')
    expect(await describeTables(journal.database.kysely, 'projection_runs_g2')).toEqual(layout)
    expect(await describeTables(journal.database.kysely, 'projection_runs_g1')).toEqual(layout)
  })

  itWithServer('can be made, changed and dropped by nobody but through the functions', async () => {
    await using journal = await createMigratedJournal()
    const service = journal.openAs('daybook_projection')
    const refused = [
      'create schema projection_runs_g9',
      'drop schema projection_runs_g1 cascade',
      `update projection.generations set state = 'cancelled'`,
      `insert into projection.generations (projection, generation, version, state, reason, actor_kind, actor_id)
       values ('runs', 9, 1, 'running', '', 'user', 'x')`,
      `select projection.copy_tables('projection_runs_g1', 'mine')`,
    ]
    for (const statement of refused) {
      await expect(sql.raw(statement).execute(service.kysely)).rejects.toThrow(
        /permission denied|must be owner/,
      )
    }
    const reader = journal.openAs('daybook_reader')
    await expect(
      sql`select projection.begin_generation('runs', 1, '', 'user', 'x')`.execute(reader.kysely),
    ).rejects.toThrow(/permission denied/)
  })

  it('are not switched in while they are behind', async () => {
    await using journal = await createMigratedJournal()
    const run = (text: string) => rowsOf(journal, text)
    await run(
      `insert into projection_runs_g1.checkpoints (name, version, kind, position, era) values ('runs', 1, 'run', 7, 1)`,
    )
    await run(`select projection.begin_generation('runs', 1, 'test', 'user', 'ada')`)
    await expect(run(`select projection.switch_generation('runs', 2)`)).rejects.toThrow(/is behind/)
    await run(
      `insert into projection_runs_g2.checkpoints (name, version, kind, position, era) values ('runs', 1, 'run', 6, 1)`,
    )
    await expect(run(`select projection.switch_generation('runs', 2)`)).rejects.toThrow(/is behind/)
    await run(`update projection_runs_g2.checkpoints set position = 7`)
    await run(`select projection.switch_generation('runs', 2)`)
    expect(await run('select * from projection_runs_g1.checkpoints')).toEqual([])
  })
})

describeWithServer('the projections over HTTP', () => {
  let fixture: ServiceFixture

  beforeEach(async () => {
    fixture = await openService({
      compareMs: 20,
      database: (journal) => journal.openAs('daybook_projection'),
    })
    const entries = Array.from({ length: 60 }, (_, n) => [
      created(`r${n}`),
      requested(`r${n}`, 'e1', { inputs: { n } }),
      requested(`r${n}`, 'e2'),
      resolved(`r${n}`, 'e1', { value: [n, 'ok'] }),
      ...(n % 2 === 0 ? [completed(`r${n}`)] : []),
    ]).flat()
    const events = await fixture.journal.append(...entries, created('foreign', {}, 'other'))
    await fixture.service.runs.waitFor(events.length, WAIT_MS)
  })
  afterEach(() => fixture[Symbol.asyncDispose]())

  async function send(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
    const response = await fetch(`${fixture.service.http.url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return { status: response.status, body: await response.json() }
  }

  function untilRuns(generation: number): Promise<unknown> {
    return waitFor(
      async () => {
        const { body } = await send('GET', '/v1/projections')
        return (
          body.projections[0].generations[0].generation === generation && body.projections[0].rebuild === null
        )
      },
      { what: `generation ${generation} to run` },
    )
  }

  /** Changes a row as nobody may. */
  function tamper(text: string): Promise<unknown> {
    return sql.raw(text).execute(fixture.journal.database.kysely)
  }

  async function verify(): Promise<any> {
    const { status, body } = await send('POST', '/v1/projections/runs/verify')
    expect(status).toBe(200)
    return body
  }

  it('are listed with how far they are', async () => {
    const head = (await fixture.journal.readAll()).length
    const { status, body } = await send('GET', '/v1/projections')
    expect(status).toBe(200)
    expect(body.projections).toMatchObject([
      {
        name: 'runs',
        version: 2,
        kinds: ['run'],
        position: head,
        head,
        lag: 0,
        rebuild: null,
        failure: null,
      },
      { name: 'sessions', version: 1, kinds: ['session'], lag: 0, rebuild: null, failure: null },
    ])
    expect(body.projections[0].generations).toMatchObject([{ generation: 1, state: 'running' }])
  })

  it('are rebuilt with the rights of the service alone, and answer as before', async () => {
    const before = (await fixture.get('/v1/runs?limit=100')).body
    const asked = await send('POST', '/v1/projections/runs/rebuild', { reason: 'doubt' })
    expect(asked).toMatchObject({ status: 202, body: { name: 'runs' } })
    await untilRuns(2)
    const { body } = await send('GET', '/v1/projections')
    expect(body.projections[0].generations).toMatchObject([
      { generation: 2, state: 'running', reason: 'doubt', actor: { kind: 'user', id: 'tester' } },
      { generation: 1, state: 'replaced' },
    ])
    expect((await fixture.get('/v1/runs?limit=100')).body).toEqual(before)
    expect(await verify()).toMatchObject({ ok: true, runs: 60, effects: 120, next: null })
    expect(await rowsOf(fixture.journal, 'select count(*)::int as n from projection.runs')).toEqual([
      { n: 61 },
    ])
    const [event] = await fixture.journal.append(created('after'))
    expect((await fixture.get(`/v1/runs/after?minPosition=${event?.position}`)).status).toBe(200)
  })

  it('refuse what makes no sense, each with its code', async () => {
    expect(await send('DELETE', '/v1/projections/runs/rebuild')).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
    expect(await send('POST', '/v1/projections/nothing/verify')).toMatchObject({ status: 404 })
    expect(await send('POST', '/v1/projections/runs/rebuild', {})).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    })
    expect(await send('POST', '/v1/projections/runs/verify?cursor=nonsense')).toMatchObject({
      status: 400,
      body: { code: 'invalid-cursor' },
    })
  })

  it('are found equal to a fresh fold, from wherever the walk goes on', async () => {
    expect(await verify()).toMatchObject({ ok: true, runs: 60, effects: 120, events: 270, next: null })
    const cursor = Buffer.from('["run","r50"]').toString('base64url')
    const rest = await send('POST', `/v1/projections/runs/verify?cursor=${cursor}`)
    expect(rest.body).toMatchObject({ ok: true, runs: 13, next: null }) // r51–r59 and r6–r9
  })

  const tampered: { what: string; statement: string; difference: object }[] = [
    {
      what: 'a changed document',
      statement: `update projection_runs_g1.runs set document = jsonb_set(document, '{effectsTotal}', '7') where run_id = 'r3'`,
      difference: { runId: 'r3', path: '/document/effectsTotal', expected: 2, stored: 7 },
    },
    {
      what: 'a changed column',
      statement: `update projection_runs_g1.runs set status = 'failed' where run_id = 'r3'`,
      difference: { runId: 'r3', path: '/columns/status', expected: 'waiting', stored: 'failed' },
    },
    {
      what: 'a changed effect',
      statement: `update projection_runs_g1.effects set document = jsonb_set(document, '{result,value,0}', '9') where run_id = 'r4' and effect_id = 'e1'`,
      difference: { runId: 'r4', effectId: 'e1', path: '/document/result/value/0', expected: 4, stored: 9 },
    },
    {
      what: 'a lost effect',
      statement: `delete from projection_runs_g1.effects where run_id = 'r4' and effect_id = 'e1'`,
      difference: { runId: 'r4', effectId: 'e1', stored: null },
    },
    {
      what: 'a lost run',
      statement: `delete from projection_runs_g1.effects where run_id = 'r4'; delete from projection_runs_g1.runs where run_id = 'r4'`,
      difference: { runId: 'r4', path: '', stored: null },
    },
    {
      what: 'a run that never was',
      statement: `insert into projection_runs_g1.runs select tenant, 'r4x', status, process_id, session_id, created_at, bytes, document from projection_runs_g1.runs where run_id = 'r4'`,
      difference: { runId: 'r4x', path: '', expected: null },
    },
    {
      what: 'an effect without a run',
      statement: `update projection_runs_g1.effects set run_id = 'ghost' where run_id = 'r4' and effect_id = 'e3' or run_id = 'foreign';
        insert into projection_runs_g1.effects select tenant, 'ghost', effect_id, status, kind, requested_seq, bytes, document from projection_runs_g1.effects where run_id = 'r4' and effect_id = 'e1'`,
      difference: { runId: 'ghost', effectId: 'e1', expected: null },
    },
  ]
  for (const { what, statement, difference } of tampered) {
    it(`are found to differ by ${what}`, async () => {
      await tamper(statement)
      expect(await verify()).toMatchObject({ ok: false, next: null, difference })
    })
  }

  it('are verified for one tenant only', async () => {
    await tamper(`update projection_runs_g1.runs set status = 'failed' where tenant = 'other'`)
    expect(await verify()).toMatchObject({ ok: true })
  })
})
