import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openDatabase, openEmbedded } from '@daybook/database'
import { subjects } from '@daybook/events'
import { createTestDatabase, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { journalMigrations } from '../src/service.ts'
import { keepBlob } from '../src/store/blobs.ts'
import type { JournalTables } from '../src/store/tables.ts'
import { addOrder, askAs, ORDER_V1, ORDER_V2, order } from './schemas-fixture.ts'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  log,
  openJournalService,
  readAll,
} from './service-fixture.ts'

let database: JournalDatabase
let journal: JournalFixture
beforeEach(async () => {
  database = await createJournalDatabase()
  journal = await openJournalService(database.connect())
  return async () => {
    await journal[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  }
})

const post = (...events: object[]) => journal.post({ events })

async function requestOver(fixture: JournalFixture, body: object): Promise<any> {
  const subject = subjects.rpc('main', 'journal', 'append')
  const reply = await fixture.bus.request(subject, JSON.stringify(body), { timeoutMs: 10_000 })
  return JSON.parse(reply.text())
}

describe("a user's event type", () => {
  it('is refused before it was added, and taken from then on, with the data that it asks for', async () => {
    expect(await post(order())).toMatchObject({ status: 422, body: { code: 'unknown-event-type' } })
    expect(await addOrder(journal, { description: 'A customer has paid' })).toMatchObject({
      status: 201,
      body: { kind: 'order', type: 'OrderPlaced', v: 1, origin: 'user', description: 'A customer has paid' },
    })
    expect((await post(order())).status).toBe(201)
    expect(await post(order({ data: { total: -1 } }))).toMatchObject({
      status: 422,
      body: {
        code: 'invalid-event-data',
        detail: expect.stringContaining('events[0].data.total must be at least 0'),
      },
    })
    expect(await post(order({ data: { total: 1, code: 'x' } }))).toMatchObject({
      body: { code: 'invalid-event-data' },
    })
    expect(await post(order({ stream: 'invoice/1' }))).toMatchObject({ body: { code: 'wrong-stream-kind' } })
    expect((await readAll(database.connect())).map(({ type, v, data }) => [type, v, data])).toEqual([
      ['OrderPlaced', 1, { total: 7 }],
    ])
  })

  it('is taken in its old versions after it has got a new one', async () => {
    await addOrder(journal)
    expect((await addOrder(journal, { v: 2, schema: ORDER_V2 })).status).toBe(201)
    const second = order({ v: 2, data: { total: 7, currency: 'EUR' } })
    expect((await post(order(), second)).status).toBe(201)
    expect(await post(order({ v: 2 }))).toMatchObject({ body: { code: 'invalid-event-data' } })
    expect(await post(order({ v: 3 }))).toMatchObject({
      body: { code: 'unknown-event-version', detail: expect.stringContaining('known versions: 1, 2') },
    })
  })

  it('is checked at the doors of NATS as over HTTP', async () => {
    await using nats = await startNats()
    await using journal = await openJournalService(database.connect(), nats.url)
    await addOrder(journal)
    const answer = await requestOver(journal, { events: [order({ stream: 'order/rpc' })] })
    expect(answer.receipts).toMatchObject([{ stream: 'order/rpc', seq: 1 }])
    await expect(requestOver(journal, { events: [order({ data: {} })] })).rejects.toMatchObject({
      code: 'invalid-event-data',
    })
    const queue = subjects.appendQueue('main')
    await journal.bus.ensureTopology()
    await journal.bus.publishQueued(queue, JSON.stringify({ events: [order({ data: {} })] }))
    await journal.bus.publishQueued(queue, JSON.stringify({ events: [order({ stream: 'order/queue' })] }))
    await waitFor(
      async () => (await readAll(database.connect())).some(({ stream }) => stream === 'order/queue'),
      { what: 'the queued event' },
    )
    const { body } = await askAs(journal)('GET', '/v1/dead-letters')
    expect(body.deadLetters).toMatchObject([{ code: 'invalid-event-data' }])
  })

  it('belongs to the tenant that added it', async () => {
    await addOrder(journal, {}, 'acme')
    expect(await post(order())).toMatchObject({ body: { code: 'unknown-event-type' } })
    expect((await askAs(journal, 'acme')('POST', '/v1/events', { events: [order()] })).status).toBe(201)
    expect((await askAs(journal)('GET', '/v1/schemas/OrderPlaced/1')).status).toBe(404)
    expect((await askAs(journal)('GET', '/v1/schemas?origin=user')).body).toEqual({ schemas: [] })
    // Another tenant may call something else the same.
    expect((await addOrder(journal, { kind: 'purchase', schema: { type: 'object' } })).status).toBe(201)
    const asThere = await askAs(journal, 'acme')('GET', '/v1/schemas/OrderPlaced/1')
    expect(asThere.body).toMatchObject({ kind: 'order', schema: ORDER_V1 })
  })
})

describe('several instances', () => {
  it('know at the first event what was added at another one, without NATS too', async () => {
    await using deaf = await openJournalService(database.connect())
    await addOrder(journal)
    expect((await deaf.post({ events: [order()] })).status).toBe(201)
    await addOrder(journal, { v: 2, schema: ORDER_V2 })
    const second = order({ v: 2, data: { total: 1, currency: 'USD' } })
    expect((await deaf.post({ events: [second] })).status).toBe(201)
  })

  it('know what was added before they were started', async () => {
    await addOrder(journal)
    await using later = await openJournalService(database.connect())
    expect((await later.post({ events: [order()] })).status).toBe(201)
  })

  it('are told of an addition when there is NATS', async () => {
    await using nats = await startNats()
    await using adding = await openJournalService(database.connect(), nats.url)
    await using other = await openJournalService(database.connect(), nats.url)
    let heard = 0
    await using listening = other.bus.listen(subjects.schemas, () => void (heard += 1))
    await addOrder(adding)
    await waitFor(() => heard === 1, { what: 'the signal' })
    expect((await addOrder(adding)).status).toBe(200)
    expect((await other.post({ events: [order()] })).status).toBe(201)
    void listening
  })

  it('agree on one schema when two are added at the same time', async () => {
    await using other = await openJournalService(database.connect())
    const tries = Array.from({ length: 6 }, (_, index) =>
      addOrder(index % 2 === 0 ? journal : other, { schema: { type: 'object', maxProperties: index } }),
    )
    const answers = await Promise.all(tries)
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 409, 409, 409, 409, 409,
    ])
    const added = answers.find(({ status }) => status === 201)
    for (const one of [journal, other]) {
      const { body } = await askAs(one)('GET', '/v1/schemas/OrderPlaced/1')
      expect(body).toEqual(added?.body)
    }
  })

  it('keep the order of a queue in which a type was not known yet', async () => {
    await using nats = await startNats()
    await using working = await openJournalService(database.connect(), nats.url)
    await addOrder(journal)
    await working.bus.ensureTopology()
    const known = (index: number) => log('run/mixed', String(index))
    const added = (index: number) => order({ stream: 'order/mixed', data: { total: index } })
    const bodies = Array.from({ length: 20 }, (_, index) =>
      JSON.stringify({ events: index % 2 === 0 ? [added(index)] : [known(index)] }),
    )
    await Promise.all(bodies.map((body) => working.bus.publishQueued(subjects.appendQueue('main'), body)))
    const events = await waitFor(
      async () => {
        const found = await readAll(database.connect())
        return found.length === 20 ? found : undefined
      },
      { what: 'the queued events' },
    )
    const numbers = events.map(({ data }) => Number(data['total'] ?? data['message']))
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })
})

describe('an addition', () => {
  it('may be repeated, and is answered with what was added', async () => {
    const first = await addOrder(journal)
    const { properties, ...rest } = ORDER_V1
    const again = await addOrder(journal, { schema: { ...rest, properties }, description: 'in other words' })
    expect([first.status, again.status]).toEqual([201, 200])
    expect(again.body).toEqual(first.body)
  })

  it.each([
    ['another schema under the same version', { schema: { type: 'object' } }, 409, 'schema-conflict'],
    ['a version too far', { v: 3, schema: ORDER_V2 }, 409, 'schema-conflict'],
    ['another kind for the same type', { v: 2, kind: 'invoice', schema: ORDER_V2 }, 409, 'schema-conflict'],
    ["a name of Daybook's", { type: 'RUN_CREATED', schema: { type: 'object' } }, 400, 'invalid-request'],
    ['a name that Daybook may use one day', { type: 'ORDER_PLACED' }, 400, 'invalid-request'],
    ['a kind that belongs to Daybook', { type: 'Forged', kind: 'erasure' }, 422, 'wrong-stream-kind'],
    [
      'a schema that leads elsewhere',
      { type: 'Other', schema: { $ref: 'https://example.org/x' } },
      422,
      'invalid-schema',
    ],
    [
      'a schema that is too large',
      { type: 'Other', schema: { type: 'object', title: 'x'.repeat(40_000) } },
      422,
      'invalid-schema',
    ],
    ['an unknown field', { upcast: [] }, 400, 'invalid-request'],
  ])('with %s is refused', async (_what, more, status, code) => {
    await addOrder(journal)
    expect(await addOrder(journal, more)).toMatchObject({ status, body: { code } })
  })

  it('never changes again, whoever tries', async () => {
    await addOrder(journal)
    const { kysely } = database.connect()
    const trx = kysely.connection()
    await trx.execute(async (connection) => {
      await sql`select set_config('daybook.erasure', 'x', false)`.execute(connection)
      for (const change of [
        "update journal.schemas set schema = '{}'",
        'delete from journal.schemas',
        'truncate journal.schemas',
      ])
        await expect(sql.raw(change).execute(connection)).rejects.toThrow(/append-only/)
    })
    const skipping = sql`
      insert into journal.schemas (number, tenant, kind, type, v, description, schema, actor_kind, actor_id)
      values (99, 'main', 'order', 'OrderPlaced', 3, '', '{}', 'user', 'x')`
    await expect(skipping.execute(kysely)).rejects.toThrow(/has no version before it/)
  })
})

describe('the event types', () => {
  it("are listed, Daybook's own first, and shown with their schema", async () => {
    await addOrder(journal)
    const { schemas } = (await askAs(journal)('GET', '/v1/schemas')).body
    expect(schemas[0]).toMatchObject({ origin: 'daybook' })
    expect(schemas.find(({ type }: { type: string }) => type === 'OrderPlaced')).toEqual({
      kind: 'order',
      type: 'OrderPlaced',
      v: 1,
      origin: 'user',
      actor: { kind: 'user', id: 'tester' },
      addedAt: expect.stringMatching(/Z$/),
    })
    const ofRuns = (await askAs(journal)('GET', '/v1/schemas?kind=run')).body.schemas
    expect(ofRuns.map(({ type }: { type: string }) => type)).toContain('RUN_CREATED')
    const own = await askAs(journal)('GET', '/v1/schemas/RUN_CANCELLED/1/schema')
    expect(own.body).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:daybook:schema:RUN_CANCELLED:1',
      type: 'object',
      additionalProperties: false,
    })
    expect((await askAs(journal)('GET', '/v1/schemas/OrderPlaced/2')).body.code).toBe('not-found')
  })
})

describe('the migration of schemas', () => {
  it('keeps what a journal from before it holds', async () => {
    await using test = await createTestDatabase()
    await using embedded = test.url === undefined ? await openEmbedded('memory://') : undefined
    await using upgraded: Database<JournalTables> =
      embedded?.database() ?? openDatabase({ url: test.url ?? '', applicationName: 'test' })
    const folder = await mkdtemp(join(tmpdir(), 'daybook-migrations-'))
    const names = (await readdir(journalMigrations.directory)).filter((name) => name < '0010')
    for (const name of names) await cp(join(journalMigrations.directory, name), join(folder, name))
    await migrate(upgraded, { service: 'journal', directory: folder })
    await rm(folder, { recursive: true })
    await keepBlob(upgraded, 'main', { mediaType: 'text/plain', content: Buffer.from('from before') })
    expect(await migrate(upgraded, journalMigrations)).toContain('0010_create_schemas.sql')
    await using later = await openJournalService(upgraded)
    expect((await askAs(later)('GET', '/v1/schemas?origin=user')).body).toEqual({ schemas: [] })
    expect((await addOrder(later)).status).toBe(201)
    expect((await later.post({ events: [order()] })).status).toBe(201)
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from journal.blobs`.execute(
      upgraded.kysely,
    )
    expect(rows).toEqual([{ n: 1 }])
  })
})
