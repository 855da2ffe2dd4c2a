import { type Bus, connectBus } from '@daybook/bus'
import { type Database, type EmbeddedPostgres, migrate, openDatabase, openEmbedded } from '@daybook/database'
import { journalReader } from '@daybook/eventing'
import {
  APPEND_LIMITS,
  type AppendResult,
  createUlids,
  type Draft,
  type Expectation,
  type JournalEvent,
} from '@daybook/events'
import { createLogger, createMetrics } from '@daybook/runtime'
import { startNats, type TestDatabase, trustingCallers } from '@daybook/testing'
import { afterAll } from 'vitest'
import { createMigratedDatabase } from '../../../packages/database/test/migrated-database.ts'
import { type JournalParts, type JournalService, journalMigrations, openJournal } from '../src/service.ts'
import type { JournalTables } from '../src/store/tables.ts'

/** Nothing listens there: NATS is away. */
const NO_NATS = 'nats://127.0.0.1:1'
const silent = createLogger({ service: 'test', level: 'silent' })

export const nextId = createUlids()

/** A small event of a run. */
export function log(stream: string, message: string, more: Partial<Draft> = {}): Draft {
  return { id: nextId(), stream, type: 'PROCESS_LOG', v: 1, data: { message }, ...more }
}

/** A migrated database of its own, on whatever Postgres the run has. */
export interface JournalDatabase extends AsyncDisposable {
  readonly test: TestDatabase
  connect<DB = JournalTables>(): Database<DB>
}

export async function createJournalDatabase(): Promise<JournalDatabase> {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createMigratedDatabase(journalMigrations))
  const { url } = test
  const embedded: EmbeddedPostgres | undefined =
    url === undefined ? stack.use(await openEmbedded('memory://')) : undefined
  const pools = stack.use(new AsyncDisposableStack())
  const connect = <DB = JournalTables>(): Database<DB> =>
    embedded?.database() ?? pools.use(openDatabase({ url: url ?? '', applicationName: 'test', poolMax: 4 }))
  await migrate(connect(), journalMigrations)
  const opened = stack.move()
  return { test, connect, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

export interface JournalFixture extends AsyncDisposable {
  readonly service: JournalService
  readonly bus: Bus
  post(body: unknown): Promise<{ status: number; body: any }>
  append(events: Draft[], expect?: Record<string, Expectation>): Promise<AppendResult>
}

/** A journal service on a database; several may share one. */
export async function openJournalService(
  database: Database<JournalTables>,
  natsUrl = NO_NATS,
  more: Partial<JournalParts> = {},
): Promise<JournalFixture> {
  await using stack = new AsyncDisposableStack()
  const bus = stack.use(
    await connectBus({ servers: natsUrl, name: 'journal-test', wait: natsUrl !== NO_NATS }),
  )
  const service = stack.use(
    await openJournal({
      database,
      appends: database,
      bus,
      logger: silent,
      metrics: createMetrics({ service: 'journal', processMetrics: false }),
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      limits: APPEND_LIMITS,
      appendBudgetMs: 25,
      ...more,
    }),
  )
  const opened = stack.move()
  const post = async (body: unknown) => {
    const response = await fetch(`${service.http.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const answer: any = await response.json()
    return { status: response.status, body: answer }
  }
  return {
    service,
    bus,
    post,
    async append(events, expect = {}) {
      const { status, body } = await post({ events, expect })
      if (status >= 400) throw new Error(`${body.code}: ${body.detail}`)
      return body
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** One journal, while NATS is away, for all tests of a file; to be awaited at its top. */
export async function sharedJournal(): Promise<{ database: JournalDatabase; journal: JournalFixture }> {
  const stack = new AsyncDisposableStack()
  afterAll(() => stack.disposeAsync())
  const database = stack.use(await createJournalDatabase())
  const journal = stack.use(await openJournalService(database.connect()))
  return { database, journal }
}

/** One journal with NATS and a producer at it, for all tests of a file; to be awaited at its top. */
export async function sharedJournalWithNats(): Promise<{
  database: JournalDatabase
  journal: JournalFixture
  bus: Bus
}> {
  const stack = new AsyncDisposableStack()
  afterAll(() => stack.disposeAsync())
  const nats = stack.use(await startNats())
  const database = stack.use(await createJournalDatabase())
  const journal = stack.use(await openJournalService(database.connect(), nats.url))
  const bus = stack.use(await connectBus({ servers: nats.url, name: 'producer', wait: true }))
  // The journal makes the streams beside its start: on a busy machine they may come after the first test.
  await bus.ensureTopology()
  return { database, journal, bus }
}

/** The whole journal, by position. */
export async function readAll(database: Database<JournalTables>): Promise<JournalEvent[]> {
  const reader = journalReader(database.kysely)
  const events: JournalEvent[] = []
  for (;;) {
    const page = await reader.page({ after: events.at(-1)?.position ?? 0, limit: 1_000 })
    if (page.length === 0) return events
    events.push(...page)
  }
}
