import { itWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { completed, created, requested, resolved } from './run-entries.ts'
import { openService, type ServiceFixture } from './service-fixture.ts'

const WAIT_MS = 10_000

let fixture: ServiceFixture

beforeEach(async () => {
  fixture = await openService({ compareMs: 20 })
})
afterEach(() => fixture[Symbol.asyncDispose]())

function execute(statement: string): Promise<unknown> {
  return sql.raw(statement).execute(fixture.journal.database.kysely)
}

/** The database refuses effects of this kind, as it might for a reason that nobody foresaw. */
async function refuseEffects(kind: string): Promise<void> {
  await execute(`alter table projection_runs_g1.effects add constraint refused check (kind <> '${kind}')`)
}

async function cure(): Promise<void> {
  await execute('alter table projection_runs_g1.effects drop constraint refused')
  await execute(`update journal.dead_letters set status = 'requeued'`)
}

async function appendAndWait(...entries: Entry[]): Promise<void> {
  const events = await fixture.journal.append(...entries)
  expect(await fixture.service.runs.waitFor(events.at(-1)?.position ?? 0, WAIT_MS)).toBe(true)
}

async function get(path: string): Promise<any> {
  const { status, body } = await fixture.get(path)
  return { status, body }
}

describe('a run with an event that cannot be applied', () => {
  it('does not hold up other runs, and says itself that it is not whole', async () => {
    await refuseEffects('cursed')
    await appendAndWait(
      created('bad'),
      requested('bad', 'e1'),
      created('good'),
      requested('bad', 'e2', { kind: 'cursed' }),
      completed('bad'),
      completed('good'),
    )
    const parked = { seq: 3, position: 4, deadLetterId: expect.stringMatching(/^[0-9A-Z]{26}$/) }
    expect(await get('/v1/runs/good')).toMatchObject({ status: 200, body: { status: 'completed' } })
    expect((await get('/v1/runs/good')).body.parked).toBeUndefined()
    expect(await get('/v1/runs/bad')).toMatchObject({
      status: 200,
      body: { status: 'waiting', lastSeq: 2, effectsTotal: 1, parked },
    })
    expect(await get('/v1/runs/bad/effects')).toMatchObject({
      body: { effects: [{ effectId: 'e1' }], parked },
    })
    const list = (await get('/v1/runs')).body
    expect(list.parked).toBe(1)
    expect(list.runs.map(({ runId, parked: mark }: any) => [runId, mark])).toEqual([
      ['good', undefined],
      ['bad', parked],
    ])
  })

  it('is whole again after it was requeued', async () => {
    await refuseEffects('cursed')
    await appendAndWait(created('bad'), requested('bad', 'e', { kind: 'cursed' }), resolved('bad', 'e'))
    await appendAndWait(completed('bad'))
    await cure()
    await waitFor(async () => (await get('/v1/runs/bad')).body.parked === undefined, {
      what: 'the mark to go',
    })
    expect((await get('/v1/runs/bad')).body).toMatchObject({
      status: 'completed',
      lastSeq: 4,
      effectsTotal: 1,
    })
    expect((await get('/v1/runs')).body.parked).toBe(0)
  })

  it('loses what is erased of it, though it is left out from some later event on', async () => {
    const secret = 'the secret of somebody'
    await refuseEffects('cursed')
    await appendAndWait(
      created('bad'),
      requested('bad', 'e1', { inputs: secret }),
      requested('bad', 'e2', { kind: 'cursed' }),
      resolved('bad', 'e1', secret),
    )
    expect((await fixture.get('/v1/runs/bad/effects')).text).toContain(secret)
    const ranges = [
      { first: 2, last: 2 },
      { first: 4, last: 4 },
    ]
    const erasureId = '01K00000000000000000ERASE0'
    await appendAndWait({ stream: 'run/bad', type: 'RUN_PAYLOADS_ERASED', data: { erasureId, ranges } })
    const texts = async () =>
      (await fixture.get('/v1/runs/bad')).text + (await fixture.get('/v1/runs/bad/effects')).text
    expect(await texts()).not.toContain(secret)
    expect((await get('/v1/runs/bad')).body).toMatchObject({ lastSeq: 2, erasedTotal: 1, parked: { seq: 3 } })
    await cure()
    await waitFor(async () => (await get('/v1/runs/bad')).body.parked === undefined, {
      what: 'the whole run',
    })
    expect((await get('/v1/runs/bad')).body).toMatchObject({ lastSeq: 5, erasedTotal: 2 })
    expect(await texts()).not.toContain(secret)
  })

  it('is no run that is not there when its first event is the one', async () => {
    await execute(`alter table projection_runs_g1.runs add constraint refused check (process_id <> 'cursed')`)
    await appendAndWait(created('bad', { processId: 'cursed' }), completed('bad'))
    for (const path of ['/v1/runs/bad', '/v1/runs/bad/effects'])
      expect(await get(path)).toMatchObject({
        status: 409,
        body: { code: 'stream-parked', details: { seq: 1 } },
      })
    expect((await get('/v1/runs')).body).toMatchObject({ runs: [], parked: 1 })
    expect((await get('/v1/runs/never')).status).toBe(404)
  })

  it('is told of in the metrics, and not to another tenant', async () => {
    await refuseEffects('cursed')
    await appendAndWait(created('bad'), requested('bad', 'e', { kind: 'cursed' }))
    await waitFor(
      async () => /daybook_projection_parked_streams\{[^}]*\} 1\n/.test((await fixture.get('/metrics')).text),
      { what: 'the metric' },
    )
    expect((await fixture.get('/v1/runs', { 'daybook-tenant': 'other' })).body).toMatchObject({ parked: 0 })
  })
})

itWithServer(
  'the role of the projection may park and release streams, and see no dead letters of the queue',
  async () => {
    await using own = await openService({
      database: (journal) => journal.openAs('daybook_projection'),
      compareMs: 20,
    })
    const owner = own.journal.database.kysely
    await sql`
    insert into journal.dead_letters (id, tenant, source, subject, fingerprint, headers, body, code, detail)
    values (repeat('0', 26), 'main', 'journal-queue', 's', sha256(''), '{}', '', 'c', 'd')`.execute(owner)
    await sql
      .raw(`alter table projection_runs_g1.effects add constraint refused check (kind <> 'cursed')`)
      .execute(owner)
    const events = await own.journal.append(created('bad'), requested('bad', 'e', { kind: 'cursed' }))
    expect(await own.service.runs.waitFor(events.length, WAIT_MS)).toBe(true)
    expect((await own.get('/v1/runs/bad')).body).toMatchObject({ parked: { seq: 2 } })
    const seen = await own.journal
      .openAs('daybook_projection')
      .transaction((trx) => sql<{ source: string }>`select source from journal.dead_letters`.execute(trx))
    expect(seen.rows).toEqual([{ source: 'projection-runs' }])
    await sql.raw('alter table projection_runs_g1.effects drop constraint refused').execute(owner)
    await sql`update journal.dead_letters set status = 'requeued' where position is not null`.execute(owner)
    await waitFor(async () => (await own.get('/v1/runs/bad')).text.includes('"lastSeq":2'), {
      what: 'the run to be whole',
    })
  },
)
