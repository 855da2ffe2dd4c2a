import { createTestDatabase, describeWithServer, type TestDatabase, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, type EmbeddedPostgres, openDatabase, openEmbedded } from '../src/index.ts'

let test: TestDatabase
let embedded: EmbeddedPostgres | undefined
let database: Database<unknown>

beforeAll(async () => {
  test = await createTestDatabase()
  embedded = test.url === undefined ? await openEmbedded('memory://') : undefined
  database = embedded?.database() ?? openDatabase({ url: test.url ?? '', applicationName: 'test' })
  await sql`create table counters (name text primary key, n bigint not null)`.execute(database.kysely)
})

afterAll(async () => {
  await database[Symbol.asyncDispose]()
  await embedded?.[Symbol.asyncDispose]()
  await test[Symbol.asyncDispose]()
})

describe('a database', () => {
  it('reads bigints as numbers, exactly up to 2^53', async () => {
    const { rows } = await sql<{ n: number }>`select 9007199254740991::bigint as n`.execute(database.kysely)
    expect(rows).toEqual([{ n: Number.MAX_SAFE_INTEGER }])
  })

  it('runs a transaction again that lost a race, and keeps nothing of the lost one', async () => {
    let attempts = 0
    await database.transaction(async (trx) => {
      attempts += 1
      await sql`insert into counters values (${`attempt ${attempts}`}, 1)`.execute(trx)
      if (attempts < 3) throw Object.assign(new Error('lost'), { code: '40001' })
    })
    const { rows } = await sql<{
      name: string
    }>`select name from counters where name like 'attempt%'`.execute(database.kysely)
    expect(rows).toEqual([{ name: 'attempt 3' }])
  })

  it('gives up on a race that it always loses, and at once on any other error', async () => {
    for (const [code, expected] of [
      ['40001', 5],
      ['23505', 1],
    ] as const) {
      let attempts = 0
      const run = database.transaction(async () => {
        attempts += 1
        throw Object.assign(new Error('no'), { code })
      })
      await expect(run).rejects.toMatchObject({ code })
      expect(attempts).toBe(expected)
    }
  })
})

describe('an embedded database', () => {
  it('serves several views over its one session', async () => {
    await using server = await openEmbedded('memory://')
    const views = [server.database(), server.database(), server.database()]
    await sql`create table t (n int)`.execute(views[0]?.kysely ?? database.kysely)
    await Promise.all(
      views.map((view, index) =>
        view.transaction((trx) => sql`insert into t values (${index})`.execute(trx)),
      ),
    )
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from t`.execute(
      views[1]?.kysely ?? database.kysely,
    )
    expect(rows).toEqual([{ n: 3 }])
  })

  it('has pgvector', async () => {
    await using server = await openEmbedded('memory://')
    const { kysely } = server.database()
    await sql`create extension vector`.execute(kysely)
    const { rows } = await sql<{ d: number }>`select '[1,2]'::vector <-> '[1,5]'::vector as d`.execute(kysely)
    expect(rows).toEqual([{ d: 3 }])
  })
})

describeWithServer('closing a database', () => {
  it.each(['prepared', 'transaction'] as const)('ends its connections when it ran a %s', async (way) => {
    const closing = openDatabase({ url: test.url ?? '', applicationName: 'closing' })
    if (way === 'prepared')
      expect(await closing.prepared('one', sql<{ n: number }>`select ${1}::int as n`)).toEqual([{ n: 1 }])
    else await closing.transaction((trx) => sql`select 1`.execute(trx))
    await closing[Symbol.asyncDispose]()
    const open = sql`select from pg_stat_activity where application_name = 'closing'`
    await waitFor(async () => (await open.execute(database.kysely)).rows.length === 0, {
      timeoutMs: 5_000,
      what: 'the end of the connections',
    })
  })
})

describeWithServer('a connection that breaks', () => {
  const cutAll = (killer: Database<unknown>) =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'victim'`.execute(killer.kysely)

  it('between two statements of a transaction is an error of that transaction and does not end the process', async () => {
    await using victim = openDatabase({ url: test.url ?? '', applicationName: 'victim' })
    const run = victim.transaction(async (trx) => {
      await sql`select 1`.execute(trx)
      await cutAll(database)
      await waitFor(
        async () =>
          (await sql`select from pg_stat_activity where application_name = 'victim'`.execute(database.kysely))
            .rows.length === 0,
        {
          timeoutMs: 10_000,
          what: 'the cut',
        },
      )
      await sql`select 2`.execute(trx)
    })
    await expect(run).rejects.toMatchObject({ code: 'unavailable' })
    expect((await sql<{ n: number }>`select 3 as n`.execute(victim.kysely)).rows).toEqual([{ n: 3 }])
  })

  it('while it is idle is replaced without anyone noticing but the log', async () => {
    const broken: string[] = []
    await using victim = openDatabase({
      url: test.url ?? '',
      applicationName: 'victim',
      onBroken: ({ message }) => broken.push(message),
    })
    await sql`select 1`.execute(victim.kysely)
    await cutAll(database)
    await waitFor(() => broken.length > 0, { timeoutMs: 10_000, what: 'the report of the cut' })
    expect((await sql<{ n: number }>`select 2 as n`.execute(victim.kysely)).rows).toEqual([{ n: 2 }])
  })

  it('never connects when nobody listens, and says unavailable', async () => {
    await using nowhere = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' })
    await expect(nowhere.transaction((trx) => sql`select 1`.execute(trx))).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})
