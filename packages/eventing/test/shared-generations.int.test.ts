import { readdir } from 'node:fs/promises'
import { type MigrationSource, migrate } from '@daybook/database'
import { itWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveProjection } from '../src/served-projection.ts'
import type { RowsVerification } from '../src/verify.ts'
import { describeTables } from './describe-tables.ts'
import { createJournalFixture, type JournalFixture } from './journal-fixture.ts'
import { silent } from './toy-projection.ts'
import { diaryOfService, readDiaryOfTenant, toyMigrations } from './toy-service.ts'

const WAIT_MS = 10_000
const ACTOR = { kind: 'user' as const, id: 'ada' }

let stack: AsyncDisposableStack
let journal: JournalFixture
let toys: MigrationSource

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  journal = stack.use(await createJournalFixture())
  toys = await toyMigrations(stack, 'toys')
})
afterEach(() => stack.disposeAsync())

async function run<Row>(text: string): Promise<Row[]> {
  return (await sql.raw<Row>(text).execute(journal.database.kysely)).rows
}

describe('the tables that services with read models share', () => {
  it('come before the service’s own, once, also where the journal has events already', async () => {
    await journal.append({ stream: 'run/a', type: 'RUN_HALTED' })
    const shared = (await readdir(toys.shared?.directory ?? '')).toSorted()
    expect(await migrate(journal.database, toys)).toEqual([
      ...shared.map((name) => `generations/${name}`),
      '0001_create_diary.sql',
    ])
    expect(await migrate(journal.database, toys)).toEqual([])
    const views = await run<{ name: string }>(
      `select table_name as name from information_schema.views where table_schema = 'toys' order by 1`,
    )
    expect(views.map(({ name }) => name)).toEqual(['diary', 'diary_checkpoints', 'diary_parked_streams'])
  })

  it('are there for each of several services, whatever another one has', async () => {
    const games = await toyMigrations(stack, 'games')
    await migrate(journal.database, toys)
    await migrate(journal.database, games)
    for (const service of ['toys', 'games'])
      expect(await run(`select projection, version, state from ${service}.generations`)).toEqual([
        { projection: 'diary', version: 1, state: 'running' },
      ])
  })

  it('are the same in the layout, in the first generation and in a new one', async () => {
    await migrate(journal.database, toys)
    await run(`select toys.begin_generation('diary', 1, 'test', 'user', 'ada')`)
    await run(`select toys.index_generation('diary', 2)`)
    const { kysely } = journal.database
    const layout = await describeTables(kysely, 'toys_diary_layout')
    expect(await describeTables(kysely, 'toys_diary_g1')).toEqual(layout)
    expect(await describeTables(kysely, 'toys_diary_g2')).toEqual(layout)
    expect(JSON.stringify(layout)).toMatch(/diary_note_idx.*reader_tenant/s)
  })

  it('take a changed layout up at once where nothing was applied yet, and nowhere else', async () => {
    const change = 'alter table toys_diary_layout.diary add column colour text;'
    const adopt = `${change} select toys.adopt_layout('diary', 2);`
    const changed = await toyMigrations(stack, 'toys', { '0002_add_colour.sql': adopt })
    await migrate(journal.database, changed)
    expect(await run('select colour from toys.diary')).toEqual([])
    expect(await run('select version from toys.generations')).toEqual([{ version: 2 }])
    await run(`insert into toys_diary_g1.checkpoints values ('diary', 2, 'run', 7, 1)`)
    expect(await run(`select toys.adopt_layout('diary', 3) as adopted`)).toEqual([{ adopted: false }])
    expect(await run('select version from toys.generations')).toEqual([{ version: 2 }])
  })
})

const nothingToVerify: RowsVerification<unknown, never> = {
  kind: 'run',
  none: { events: 0 },
  list: async () => [],
  idOf: (row) => row,
  compare: async () => ({ counts: { events: 0 }, difference: undefined }),
  compareWhole: async () => undefined,
}

describe('a service of its own', () => {
  itWithServer(
    'does all its work with the rights of its role: it follows, parks, rebuilds, reads',
    async () => {
      await migrate(journal.database, toys)
      const database = journal.openAs('daybook_toys')
      const spec = { ...diaryOfService('toys'), database, logger: silent, compareMs: 20 }
      await using served = serveProjection(spec, nothingToVerify)
      const { projection, rebuilds } = served
      await journal.append(
        { stream: 'run/a', type: 'RUN_HALTED' },
        { stream: 'run/b', type: 'RUN_HALTED', tenant: 'acme' },
        { stream: 'run/c', type: 'POISON' },
        { stream: 'run/d', type: 'RUN_HALTED' },
      )
      expect(await projection.waitFor(4, WAIT_MS)).toBe(true)
      expect((await projection.read('main', readDiaryOfTenant)).value).toEqual([1, 4])
      expect((await projection.read('acme', readDiaryOfTenant)).value).toEqual([2])
      expect(await run('select stream, source from journal.dead_letters')).toEqual([
        { stream: 'run/c', source: 'projection-diary' },
      ])
      await rebuilds.request('test', ACTOR)
      const isRunning = async () =>
        (await rebuilds.list()).some((each) => each.generation === 2 && each.state === 'running')
      await waitFor(isRunning, { what: 'generation 2 to run' })
      expect((await projection.read('main', readDiaryOfTenant)).value).toEqual([1, 4])
      expect(await run('select stream from toys.diary_parked_streams')).toEqual([{ stream: 'run/c' }])
    },
  )

  itWithServer('may do nothing else, neither with its own tables nor with those of others', async () => {
    await migrate(journal.database, toys)
    await migrate(journal.database, await toyMigrations(stack, 'games'))
    const service = journal.openAs('daybook_toys')
    const refused = [
      'create schema toys_diary_g9',
      'create table toys.mine ()',
      'drop schema toys_diary_g1 cascade',
      `update toys.generations set state = 'cancelled'`,
      `select toys.copy_tables('toys_diary_g1', 'mine')`,
      `select toys.create_layout('mine')`,
      `select toys.begin_projection('mine', 1)`,
      `select toys.adopt_layout('diary', 2)`,
      `select toys.show_to_service('diary', 'diary', 'all')`,
      `select games.cancel_generation('diary')`,
      'select * from games_diary_g1.diary',
      'insert into journal.events default values',
      'update journal.head set position = 0',
      'select * from journal.event_keys',
    ]
    for (const statement of refused) {
      const outcome = await sql
        .raw(statement)
        .execute(service.kysely)
        .then(() => 'done', String)
      expect([statement, outcome]).toEqual([
        statement,
        expect.stringMatching(/permission denied|must be owner/),
      ])
    }
    const reader = journal.openAs('daybook_reader')
    await expect(
      sql`select toys.begin_generation('diary', 1, '', 'user', 'x')`.execute(reader.kysely),
    ).rejects.toThrow(/permission denied/)
  })
})
