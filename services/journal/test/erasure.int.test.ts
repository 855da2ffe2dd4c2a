import { journalReader } from '@daybook/eventing'
import { erasureOf, type JournalEvent, verifyChain } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createBatcher } from '../src/batcher.ts'
import { createErase } from '../src/erasure/erase.ts'
import { createHolds } from '../src/erasure/holds.ts'
import { createAppender } from '../src/store/append.ts'
import { send } from './http.ts'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  log,
  nextId,
  openJournalService,
  readAll,
  sharedJournal,
} from './service-fixture.ts'

const { database, journal } = await sharedJournal()

const erase = (body: object, at: JournalFixture = journal) => send(at, 'POST', '/v1/erasures', body)

async function streamOf(name: string, at: JournalDatabase = database): Promise<JournalEvent[]> {
  return journalReader(at.connect().kysely).page({ tenant: 'main', stream: name, limit: 1_000 })
}

const newStream = () => `run/${nextId()}`

describe('POST /v1/erasures', () => {
  it('takes the payloads of a stream; headers, checksums and the chain stay, and each event says by what', async () => {
    const stream = newStream()
    await journal.append([log(stream, 'secret one'), log(stream, 'secret two')])
    const before = await streamOf(stream)
    const { status, body } = await erase({ stream, reason: 'asked for' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ events: 2, erasedBefore: 0, progress: { payloads: 'done', blobs: 'done' } })
    const after = await streamOf(stream)
    expect(after.slice(0, 2)).toEqual(
      before.map((event) => ({ ...event, data: {}, erased: { erasureId: body.erasureId } })),
    )
    expect(after.slice(2)).toMatchObject([
      {
        type: 'RUN_PAYLOADS_ERASED',
        data: { erasureId: body.erasureId, ranges: [{ first: 1, last: 2 }] },
        actor: { id: 'tester' },
      },
    ])
    expect(verifyChain(after)).toBeUndefined()
    await journal.append([log(stream, 'later')])
    expect(verifyChain(await streamOf(stream))).toBeUndefined()
  })

  it('tells a session in its own stream what was erased of it', async () => {
    const stream = `session/${nextId()}`
    const data = { sessionKey: 'somebody', principal: 'user:ada', title: 'secret' }
    const begin = { id: nextId(), stream, type: 'SESSION_STARTED', v: 1, data }
    await journal.append([begin])
    const { body } = await erase({ stream, reason: 'asked for' })
    expect(await streamOf(stream)).toMatchObject([
      { data: {}, erased: { erasureId: body.erasureId } },
      {
        type: 'SESSION_PAYLOADS_ERASED',
        data: { erasureId: body.erasureId, ranges: [{ first: 1, last: 1 }] },
      },
    ])
    const again = await erase({ stream, reason: 'asked for' })
    expect(again.body).toMatchObject({ erasureId: null, events: 0, erasedBefore: 1 })
    const notice = { erasureId: nextId(), ranges: [{ first: 1, last: 1 }] }
    const forged = { id: nextId(), stream, type: 'SESSION_PAYLOADS_ERASED', v: 1, data: notice }
    expect((await journal.post({ events: [forged] })).body.code).toBe('reserved-event-type')
  })

  it('puts on record what was erased, why and by whom, and lists it', async () => {
    const stream = newStream()
    const { receipts } = await journal.append([log(stream, 'a'), log(stream, 'b')])
    const ids = [receipts[1]?.id ?? '']
    const actor = { kind: 'user', id: 'tester' }
    const { body } = await erase({ ids, reason: 'too much' })
    const [record] = await streamOf(`erasure/${body.erasureId}`)
    expect(record).toMatchObject({ type: 'PAYLOADS_ERASED', actor, position: body.position })
    expect(record && erasureOf(record)?.events).toEqual([
      {
        id: ids[0],
        stream,
        seq: 2,
        position: receipts[1]?.position,
        checksum: receipts[1]?.checksum,
      },
    ])
    const list = await send(journal, 'GET', '/v1/erasures?limit=1')
    expect(list.body.erasures).toMatchObject([
      { erasureId: body.erasureId, reason: 'too much', actor, events: 1, progress: { payloads: 'done' } },
    ])
    expect((await streamOf(stream)).map(({ erased }) => erased !== undefined)).toEqual([false, true, false])
  })

  it('leaves pages of events that are measured by their bytes as they were', async () => {
    const stream = newStream()
    await journal.append(Array.from({ length: 10 }, (_, index) => log(stream, String(index))))
    await erase({ stream, reason: 'x' })
    const reader = journalReader(database.connect().kysely)
    const page = await reader.page({ tenant: 'main', stream, limit: 100, bytesMax: 1_000_000 })
    expect(page).toHaveLength(11)
  })

  it('has nothing to do the second time, and says so', async () => {
    const stream = newStream()
    await journal.append([log(stream, 'a')])
    await erase({ stream, reason: 'once' })
    const { status, body } = await erase({ stream, reason: 'twice' })
    expect([status, body.erasureId, body.events, body.erasedBefore]).toEqual([200, null, 0, 1])
  })

  it('recognises the repetition of an event whose payload is gone', async () => {
    const stream = newStream()
    const event = log(stream, 'said once')
    const first = await journal.append([event])
    await erase({ stream, reason: 'x' })
    const again = await journal.append([event])
    expect(again.receipts).toEqual(first.receipts.map((receipt) => ({ ...receipt, duplicate: true })))
  })

  it.each([
    ['an unknown id', () => ({ ids: [nextId()], reason: 'x' }), 404, 'not-found'],
    ['an empty stream', () => ({ stream: newStream(), reason: 'x' }), 404, 'not-found'],
    ['neither a stream nor ids', () => ({ reason: 'x' }), 400, 'invalid-request'],
    ['both', () => ({ stream: newStream(), ids: [nextId()], reason: 'x' }), 400, 'invalid-request'],
    ['no reason', () => ({ stream: newStream() }), 400, 'invalid-request'],
  ])('refuses %s', async (_what, body, status, code) => {
    const answer = await erase(body())
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  it('never erases what tells of erasures', async () => {
    const stream = newStream()
    await journal.append([log(stream, 'a')])
    const { body } = await erase({ stream, reason: 'x' })
    const again = await erase({ stream: `erasure/${body.erasureId}`, reason: 'cover it up' })
    expect([again.status, again.body.code]).toEqual([400, 'invalid-request'])
  })

  it('is the only way: a producer cannot append the record itself', async () => {
    const stream = newStream()
    const { receipts } = await journal.append([log(stream, 'a')])
    const [{ id, seq, position, checksum } = { id: '', seq: 0, position: 0, checksum: '' }] = receipts
    const data = { reason: 'x', events: [{ id, stream, seq, position, checksum }] }
    const { status, body } = await journal.post({
      events: [{ id: nextId(), stream: `erasure/${nextId()}`, type: 'PAYLOADS_ERASED', v: 1, data }],
    })
    expect([status, body.code]).toEqual([422, 'reserved-event-type'])
    const notice = { erasureId: nextId(), ranges: [{ first: 1, last: 1 }] }
    const told = await journal.post({
      events: [{ id: nextId(), stream, type: 'RUN_PAYLOADS_ERASED', v: 1, data: notice }],
    })
    expect([told.status, told.body.code]).toEqual([422, 'reserved-event-type'])
  })

  it('erases a stream of more events than one record names', async () => {
    const stream = newStream()
    await journal.append(Array.from({ length: 1_000 }, (_, index) => log(stream, String(index))))
    await journal.append(Array.from({ length: 5 }, (_, index) => log(stream, String(index))))
    const { body } = await erase({ stream, reason: 'x' })
    expect(body.events).toBe(1_005)
    expect(await streamOf(`erasure/${body.erasureId}`)).toHaveLength(3)
    const { rows } = await sql<{ left: number }>`
      select count(data)::int as left from journal.events
      where stream = ${stream} and type <> 'RUN_PAYLOADS_ERASED'`.execute(database.connect().kysely)
    expect(rows[0]?.left).toBe(0)
    expect(
      verifyChain(await readAll(database.connect()).then((all) => all.filter((e) => e.stream === stream))),
    ).toBeUndefined()
  })

  it('empties dead letters that mention what was erased', async () => {
    const connection = database.connect()
    const [stream, other] = [newStream(), newStream()]
    await journal.append([log(stream, 'a')])
    const keep = (name: string) =>
      sql`
      insert into journal.dead_letters (id, tenant, source, subject, fingerprint, headers, body, code, detail)
      values (${nextId()}, 'main', 'test', 'x', sha256(convert_to(${name}, 'UTF8')), '{"a":"b"}',
        convert_to(${JSON.stringify({ events: [log(name, 'secret')] })}, 'UTF8'), 'seq-conflict', 'x')`.execute(
        connection.kysely,
      )
    await keep(stream)
    await keep(other)
    await erase({ stream, reason: 'x' })
    const { rows } = await sql<{ body: string }>`
      select convert_from(body, 'UTF8') as body from journal.dead_letters order by id`.execute(
      connection.kysely,
    )
    expect(rows.map(({ body }) => body.includes('secret'))).toEqual([false, true])
  })
})

describe('what an erasure rests on', () => {
  it.each([
    `update journal.events set data = null, erasure_id = 'x'`,
    `update journal.erasure_progress set position = 0; update journal.event_ids set id = id`,
    `delete from journal.blobs`,
  ])('the journal’s role cannot do it by itself: %s', async (statement) => {
    const run = database
      .connect()
      .kysely.transaction()
      .execute(async (trx) => {
        await sql`set local role daybook_journal`.execute(trx)
        await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
        for (const part of statement.split('; ')) await sql.raw(part).execute(trx)
      })
    await expect(run).rejects.toMatchObject({ code: '42501' })
  })

  it('lets the journal’s role carry out a record, and nothing that is none', async () => {
    const stream = newStream()
    const { receipts } = await journal.append([log(stream, 'a')])
    const attempt = database
      .connect()
      .kysely.transaction()
      .execute(async (trx) => {
        await sql`set local role daybook_journal`.execute(trx)
        await sql`select journal.erase_payloads(${receipts[0]?.position ?? 0}::bigint)`.execute(trx)
      })
    await expect(attempt).rejects.toMatchObject({ code: '42501' })
    expect((await streamOf(stream))[0]?.erased).toBeUndefined()
  })

  it('is carried out by the next start when the process ended right after the record', async () => {
    await using own = await createJournalDatabase()
    const connection = own.connect()
    let erasureId: string | null
    {
      await using first = await openJournalService(connection)
      await first.append([log('run/a', 'secret')])
    }
    {
      await using batcher = createBatcher({ commit: createAppender(connection) })
      const holds = createHolds(journalReader(connection.kysely), batcher)
      const recorded = await createErase({ database: connection, batcher, holds })(
        'main',
        { stream: 'run/a' },
        { reason: 'x', actor: { kind: 'user', id: 'me' } },
      )
      erasureId = recorded.erasureId
      expect((await streamOf('run/a', own))[0]?.data).toEqual({ message: 'secret' })
    }
    await using second = await openJournalService(connection)
    await waitFor(async () => (await streamOf('run/a', own))[0]?.erased?.erasureId === erasureId, {
      timeoutMs: 20_000,
      what: 'the payload to go',
    })
    void second
  })
})
