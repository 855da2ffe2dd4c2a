import { foldSession, type JournalEvent, upcastEvent } from '@daybook/events'
import { describeWithServer, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../../packages/eventing/test/journal-fixture.ts'
import { recallSession } from '../../src/sessions/recall.ts'
import { created } from '../run-entries.ts'
import { openService, type ServiceFixture } from '../service-fixture.ts'
import { archived, linked, renamed, reset, started } from './session-entries.ts'

const WAIT_MS = 10_000
const ERASURE_ID = '01K00000000000000000ERASE0'
const SECRET = 'the secret of somebody'

let fixture: ServiceFixture
beforeEach(async () => {
  fixture = await openService({ compareMs: 20 })
})
afterEach(() => fixture[Symbol.asyncDispose]())

function execute(statement: string): Promise<unknown> {
  return sql.raw(statement).execute(fixture.journal.database.kysely)
}

async function appendAndWait(...entries: Entry[]): Promise<JournalEvent[]> {
  const events = await fixture.journal.append(...entries)
  expect(await fixture.service.sessions.waitFor(events.at(-1)?.position ?? 0, WAIT_MS)).toBe(true)
  return events
}

async function get(path: string): Promise<any> {
  return (await fixture.get(path)).body
}

async function send(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`${fixture.service.http.url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return response.json()
}

function erased(sessionId: string, ...seqs: number[]): Entry {
  const ranges = seqs.map((seq) => ({ first: seq, last: seq }))
  return {
    stream: `session/${sessionId}`,
    type: 'SESSION_PAYLOADS_ERASED',
    data: { erasureId: ERASURE_ID, ranges },
  }
}

describe('messages of sessions', () => {
  it('are applied once, however often they are delivered', async () => {
    await using nats = await startNats()
    // So rarely compared with the journal that what is read here came by messages.
    await using own = await openService({ natsUrl: nats.url, compareMs: 600_000 })
    const read = async (): Promise<any> => (await own.get('/v1/sessions/s1')).body
    const events = await own.journal.append(started('s1'), linked('s1', 'r1'), reset('s1'))
    await own.journal.relay(own.bus, events)
    await waitFor(async () => (await read()).lastSeq === 3, { what: 'the messages' })
    await own.journal.relay(own.bus, events)
    const more = await own.journal.append(archived('s1'))
    await own.journal.relay(own.bus, more)
    await waitFor(async () => (await read()).lastSeq === 4, { what: 'the last message' })
    expect(await read()).toMatchObject({ runsLinked: 1, epoch: 2, faultsTotal: 0, status: 'archived' })
  })
})

describe('a session that is recalled for a command', () => {
  const request = {
    caller: { tenant: 'main', actor: { kind: 'user' as const, id: 'ada' } },
    stream: 'session/s1',
    command: { name: 'link' as const, data: { runId: 'r1' } },
  }
  const recall = () => recallSession(fixture.service.sessions, request)

  it('is what the read model has, with the link that the command names', async () => {
    expect(await recall()).toBeUndefined()
    await appendAndWait(started('s1'), linked('s1', 'r1'), linked('s1', 'r2'))
    const found = await recall()
    expect(found).toMatchObject({ seq: 3, state: { session: { sessionId: 's1', runsLinked: 2 } } })
    expect([...(found?.state.links.keys() ?? [])]).toEqual(['r1'])
  })

  it.each([
    ['goes further than the journal', '{lastSeq}', '7'],
    ['ends with another event than the journal', '{lastEventId}', '"01K00000000000000000000009"'],
  ])('is given up when it %s, as after a restore', async (_what, path, value) => {
    await appendAndWait(started('s1'), linked('s1', 'r1'))
    await execute(
      `update projection_sessions_g1.sessions set document = jsonb_set(document, '${path}', '${value}')`,
    )
    expect(await recall()).toBeUndefined()
  })
})

describe('a session with an event that cannot be applied', () => {
  it('says so, holds up no other one, and is whole again after it was requeued', async () => {
    await execute(
      `alter table projection_sessions_g1.sessions add constraint refused check (status <> 'archived')`,
    )
    await appendAndWait(
      started('bad'),
      archived('bad'),
      renamed('bad', 'T'),
      started('good'),
      renamed('good', 'G'),
    )
    expect(await get('/v1/sessions/good')).toMatchObject({ title: 'G' })
    expect(await get('/v1/sessions/bad')).toMatchObject({
      lastSeq: 1,
      parked: { seq: 2, position: 2, deadLetterId: expect.any(String) },
    })
    expect((await get('/v1/sessions')).parked).toBe(1)
    await execute('alter table projection_sessions_g1.sessions drop constraint refused')
    await execute(`update journal.dead_letters set status = 'requeued'`)
    await waitFor(async () => (await get('/v1/sessions/bad')).parked === undefined, {
      what: 'the mark to go',
    })
    expect(await get('/v1/sessions/bad')).toMatchObject({ status: 'archived', title: 'T', lastSeq: 3 })
  })

  it('is not taken for one that is not there, if it is the first', async () => {
    await execute(
      `alter table projection_sessions_g1.sessions add constraint refused check (channel <> 'cursed')`,
    )
    await appendAndWait(started('bad', { channel: 'cursed' }))
    expect(await get('/v1/sessions/bad')).toMatchObject({ code: 'stream-parked' })
  })
})

describe('a session of which payloads were erased', () => {
  it('has nothing of them in the read model, also while they are still in the table', async () => {
    await appendAndWait(
      started('s1', { title: SECRET }),
      linked('s1', SECRET),
      renamed('s1', SECRET),
      linked('s1', 'r2'),
    )
    expect((await fixture.get('/v1/sessions/s1')).text).toContain(SECRET)
    await appendAndWait(erased('s1', 1, 2, 3), archived('s1'))
    const after = await fixture.get('/v1/sessions/s1')
    expect(after.text).not.toContain(SECRET)
    const links = await sql<{ run_id: string }>`select run_id from projection.session_runs`.execute(
      fixture.journal.database.kysely,
    )
    expect(links.rows).toEqual([{ run_id: 'r2' }])
    expect(after.body).toMatchObject({ status: 'archived', erasedTotal: 3, runsLinked: 2, lastSeq: 6 })
    await fixture.journal.database.kysely.transaction().execute(async (trx) => {
      await sql`select set_config('daybook.erasure', ${ERASURE_ID}, true)`.execute(trx)
      await sql`update journal.events set data = null, erasure_id = ${ERASURE_ID} where seq <= 3`.execute(trx)
    })
    const events = (await fixture.journal.readAll()).map(upcastEvent)
    expect(after.body).toEqual(foldSession(events).session)
  })

  it('loses them also when it is parked', async () => {
    await execute(
      `alter table projection_sessions_g1.sessions add constraint refused check (status <> 'archived')`,
    )
    await appendAndWait(started('s1', { title: SECRET }), archived('s1'), erased('s1', 1))
    const after = await fixture.get('/v1/sessions/s1')
    expect(after.text).not.toContain(SECRET)
    expect(after.body).toMatchObject({ parked: { seq: 2 } })
  })
})

describeWithServer('the projection of sessions', () => {
  let own: ServiceFixture
  beforeEach(async () => {
    own = fixture
    fixture = await openService({
      compareMs: 20,
      database: (journal) => journal.openAs('daybook_projection'),
    })
    const entries = Array.from({ length: 30 }, (_, n) => [
      started(`s${n}`, n % 3 === 0 ? { channel: 'web' } : {}),
      linked(`s${n}`, `r${n}`),
      ...(n % 2 === 0 ? [renamed(`s${n}`, `T${n}`), reset(`s${n}`)] : []),
    ]).flat()
    await appendAndWait(...entries, created('r1'), started('foreign', {}, 'other'))
  })
  afterEach(() => own[Symbol.asyncDispose]())

  const verify = () => send('POST', '/v1/projections/sessions/verify')

  it('is rebuilt with the rights of the service alone, and answers as before', async () => {
    const before = await get('/v1/sessions?limit=100')
    await send('POST', '/v1/projections/sessions/rebuild', { reason: 'doubt' })
    await waitFor(
      async () => {
        const { projections } = await send('GET', '/v1/projections')
        const { generations, rebuild } = projections.find(({ name }: any) => name === 'sessions')
        return generations[0].state === 'running' && generations[0].generation === 2 && rebuild === null
      },
      { what: 'generation 2 to run' },
    )
    expect(await get('/v1/sessions?limit=100')).toEqual(before)
    expect(await verify()).toMatchObject({ ok: true, sessions: 30, links: 30, next: null })
    // Runs are not touched by it.
    const { projections } = await send('GET', '/v1/projections')
    expect(projections.find(({ name }: any) => name === 'runs').generations).toHaveLength(1)
    expect(await get('/v1/runs/r1')).toMatchObject({ runId: 'r1' })
    const { rows } = await sql`select name from projection.sessions_checkpoints`.execute(
      fixture.journal.database.kysely,
    )
    expect(rows).toEqual([{ name: 'sessions' }])
  })

  it.each([
    [
      `update projection_sessions_g1.sessions set document = jsonb_set(document, '{title}', '"forged"') where session_id = 's4'`,
      { sessionId: 's4', path: '/session/title', stored: 'forged' },
    ],
    [
      `update projection_sessions_g1.sessions set channel = 'mail' where session_id = 's3'`,
      { sessionId: 's3', path: '/columns/channel', expected: 'web' },
    ],
    [
      `delete from projection_sessions_g1.session_runs where session_id = 's5'`,
      { sessionId: 's5', path: '/links/0' },
    ],
    [
      `delete from projection_sessions_g1.sessions where session_id = 's6'`,
      { sessionId: 's6', stored: null },
    ],
    [
      `insert into projection_sessions_g1.session_runs values ('main', 'ghost', 'r', 1, 2, '{}')`,
      { sessionId: 'ghost', expected: null },
    ],
  ])('finds by verification: %s', async (statement, difference) => {
    expect(await verify()).toMatchObject({ ok: true, sessions: 30, links: 30, events: 90 })
    await execute(statement)
    let result: any
    for (let cursor = ''; ; cursor = `?cursor=${result.next}`) {
      result = await send('POST', `/v1/projections/sessions/verify${cursor}`)
      if (result.next === null) break
    }
    expect(result).toMatchObject({ ok: false, difference })
  })

  it('takes no cursor of another projection', async () => {
    const cursor = Buffer.from(JSON.stringify(['run', 's1'])).toString('base64url')
    expect(await send('POST', `/v1/projections/sessions/verify?cursor=${cursor}`)).toMatchObject({
      code: 'invalid-cursor',
    })
  })
})
