import { describeWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import {
  createJournalDatabase,
  log,
  nextId,
  openJournalService,
  readAll,
  sharedJournal,
} from './service-fixture.ts'
import { expectSound } from './sound.ts'

const { database, journal } = await sharedJournal()

describe('append over HTTP, while NATS is away', () => {
  it('answers a receipt for each event, and the event is there', async () => {
    const stream = `run/${nextId()}`
    const { receipts } = await journal.append([log(stream, 'one'), log(stream, 'two')])
    expect(receipts.map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
      [1, false],
      [2, false],
    ])
    const stored = (await readAll(database.connect())).filter((event) => event.stream === stream)
    expect(stored.map(({ id, position, hash, data }) => ({ id, position, hash, data }))).toEqual(
      receipts.map(({ id, position, hash }, index) => ({
        id,
        position,
        hash,
        data: { message: ['one', 'two'][index] },
      })),
    )
  })

  it('keeps one event when the same one is published a thousand times at once', async () => {
    const event = log(`run/${nextId()}`, 'again and again')
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => journal.post({ events: [event] })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status, body }) => status === 200 && body.receipts[0].duplicate)).toHaveLength(
      999,
    )
    expect(new Set(answers.map(({ body }) => body.receipts[0].position)).size).toBe(1)
  })

  it('refuses the same id with another content', async () => {
    const event = log(`run/${nextId()}`, 'first')
    await journal.append([event])
    const { status, body } = await journal.post({ events: [{ ...event, data: { message: 'second' } }] })
    expect([status, body.code]).toEqual([409, 'id-reused'])
  })

  it('writes all events of a request or none, across streams', async () => {
    const [a, b] = [`run/${nextId()}`, `run/${nextId()}`]
    const { status, body } = await journal.post({
      events: [log(a, '1'), log(b, '1')],
      expect: { [b]: 'exists' },
    })
    expect([status, body.code, body.details]).toEqual([
      409,
      'seq-conflict',
      { stream: b, expected: 'exists', actual: 0 },
    ])
    expect((await readAll(database.connect())).filter(({ stream }) => stream === a || stream === b)).toEqual(
      [],
    )
  })

  it('lets one of fifty racing writers win who expect the same seq', async () => {
    const stream = `run/${nextId()}`
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        journal.post({ events: [log(stream, String(index))], expect: { [stream]: 'absent' } }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'seq-conflict')).toHaveLength(49)
  })

  it('answers a repetition of an accepted request with its first receipt, whatever it expects', async () => {
    const stream = `run/${nextId()}`
    const request = { events: [log(stream, 'once')], expect: { [stream]: 'absent' } }
    const first = await journal.post(request)
    await journal.append([log(stream, 'later')])
    const again = await journal.post(request)
    expect(again).toEqual({
      status: 200,
      body: { receipts: [{ ...first.body.receipts[0], duplicate: true }] },
    })
  })

  it('does not let a bad request fail its neighbours in the same transaction', async () => {
    const stream = `run/${nextId()}`
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        journal.post({
          events: [log(stream, String(index))],
          expect: index % 2 ? { 'run/never-there': 'exists' } : {},
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, index) => (index % 2 ? 409 : 201)))
  })

  const bad: [string, unknown, number, string][] = [
    ['no JSON', '{"events": [', 400, 'invalid-json'],
    ['a key twice', '{"events": [], "events": []}', 400, 'duplicate-json-key'],
    ['too deep', `{"events":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, 'json-too-deep'],
    ['an unsafe number', '{"events":[{"data":{"n":9007199254740993}}]}', 400, 'unsafe-number'],
    ['a NUL', JSON.stringify({ events: [log('run/a', 'x\u0000')] }), 400, 'invalid-string'],
    [
      'an unknown type',
      { events: [{ ...log('run/a', 'x'), type: 'NEVER_HEARD_OF' }] },
      422,
      'unknown-event-type',
    ],
    ['an unknown version', { events: [{ ...log('run/a', 'x'), v: 99 }] }, 422, 'unknown-event-version'],
    [
      'an unknown field',
      { events: [{ ...log('run/a', 'x'), data: { message: 'x', extra: 1 } }] },
      422,
      'invalid-event-data',
    ],
    ['the wrong stream', { events: [log('import/a', 'x')] }, 422, 'wrong-stream-kind'],
    ['no stream', { events: [log('run', 'x')] }, 400, 'invalid-stream'],
    ['no ULID', { events: [{ ...log('run/a', 'x'), id: 'one' }] }, 400, 'invalid-id'],
    ['no events', { events: [] }, 400, 'invalid-request'],
    ['an unknown member', { events: [log('run/a', 'x')], force: true }, 400, 'invalid-request'],
    ['a large payload', { events: [log('run/a', 'x'.repeat(300_000))] }, 413, 'payload-too-large'],
    [
      'too many events',
      { events: Array.from({ length: 1_001 }, () => log('run/a', 'x')) },
      422,
      'too-many-events',
    ],
  ]
  it.each(bad)('refuses %s with its own code and writes nothing', async (_what, request, status, code) => {
    const before = (await readAll(database.connect())).length
    const answer = await journal.post(request)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await readAll(database.connect())).length).toBe(before)
  })

  it('leaves a sound journal behind after all this', async () => {
    expectSound(await readAll(database.connect()))
  })
})

describe('the tables', () => {
  it.each(['update journal.events set type = type', 'delete from journal.events', 'truncate journal.events'])(
    'refuse %s even to their owner',
    async (statement) => {
      const run = sql.raw(statement).execute(database.connect().kysely)
      await expect(run).rejects.toThrow(/append-only/)
    },
  )

  it.each([
    'update journal.events set type = type',
    'delete from journal.events',
    'truncate journal.events',
    'drop table journal.events',
    'alter table journal.events disable trigger all',
    'delete from journal.streams',
    'insert into journal.events select * from journal.events on conflict (position) do update set type = excluded.type',
  ])('do not let the journal’s role %s', async (statement) => {
    const run = database
      .connect()
      .kysely.transaction()
      .execute(async (trx) => {
        await sql`set local role daybook_journal`.execute(trx)
        await sql.raw(statement).execute(trx)
      })
    await expect(run).rejects.toMatchObject({ code: '42501' })
  })

  it('show a reader the events of its tenant only, and none while no tenant is set', async () => {
    const connection = database.connect()
    const count = sql<{ n: number }>`select count(*)::int as n from journal.events`
    expect((await connection.asTenant('main', (trx) => count.execute(trx))).rows[0]?.n).toBeGreaterThan(0)
    expect((await connection.asTenant('other', (trx) => count.execute(trx))).rows[0]?.n).toBe(0)
    const unset = connection.kysely.transaction().execute(async (trx) => {
      await sql`set local role daybook_reader`.execute(trx)
      return count.execute(trx)
    })
    // An error on a fresh connection; no rows on one where a tenant had been set before.
    expect(await unset.then(({ rows }) => rows[0]?.n).catch(() => 0)).toBe(0)
  })
})

describeWithServer('several journals on one database', () => {
  it('keep positions and seqs dense and chains valid while they fight for the same streams', async () => {
    await using shared = await createJournalDatabase()
    await using first = await openJournalService(shared.connect())
    await using second = await openJournalService(shared.connect())
    const streams = ['run/a', 'run/b', 'run/c']
    const twins = Array.from({ length: 100 }, (_, index) =>
      log(streams[index % 3] ?? 'run/a', `twin ${index}`),
    )
    const singles = Array.from({ length: 300 }, (_, index) => [
      log(streams[index % 3] ?? 'run/a', String(index)),
      log(streams[(index + 1) % 3] ?? 'run/a', 'x'),
    ])
    await Promise.all([
      ...twins.flatMap((twin) => [first.append([twin]), second.append([twin])]),
      ...singles.map((events, index) => (index % 2 ? first : second).append(events)),
    ])
    const events = await readAll(shared.connect())
    expect(events).toHaveLength(100 + 600)
    expectSound(events)
  })

  it('lose and double nothing when their connections are cut in the middle of it', async () => {
    await using shared = await createJournalDatabase()
    await using journal = await openJournalService(shared.connect())
    const killer = shared.connect()
    const acknowledged = new Map<string, number>()
    const cutting = (async () => {
      for (let cuts = 1; cuts <= 15; cuts += 1) {
        await waitFor(() => acknowledged.size > cuts * 100, { timeoutMs: 60_000, what: 'some more appends' })
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and query not like '%pg_terminate_backend%'`
          .execute(killer.kysely)
          .catch(() => {})
      }
    })()
    const events = Array.from({ length: 2_000 }, (_, index) => log(`run/${index % 7}`, String(index)))
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (const event of events.filter((_, index) => index % 8 === writer)) {
        const { receipts } = await journal.append([event])
        for (const { id, position } of receipts) acknowledged.set(id, position)
      }
    })
    await Promise.all([...writers, cutting])
    const stored = await readAll(shared.connect())
    expectSound(stored)
    expect(new Map(stored.map(({ id, position }) => [id, position]))).toEqual(acknowledged)
    expect(stored).toHaveLength(2_000)
  })
})
