import { type Bus, connectBus } from '@daybook/bus'
import { type Clock, type Database, DatabaseClock, migrate, openDatabase } from '@daybook/database'
import { type Appender, journalAppender, journalReader } from '@daybook/eventing'
import type { Actor, JournalEvent } from '@daybook/events'
import { assertedCallers, createLogger, createMetrics, type Metrics } from '@daybook/runtime'
import { type NatsServer, startNats, trustingCallers } from '@daybook/testing'
import { sql } from 'kysely'
import { createMigratedDatabase } from '../../../packages/database/test/migrated-database.ts'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { journalMigrations } from '../../journal/src/migrations.ts'
import { type JournalFixture, openJournalService } from '../../journal/test/service-fixture.ts'
import { type CronParts, type CronService, cronMigrations, openCron } from '../src/service.ts'

const CALLER_KEY = 'a key for tests that is as long as it has to be'

type Headers = Record<string, string>

/** An instance of the service, with what a test does at it. Each answers the body; refusals too. */
export interface Instance extends AsyncDisposable {
  readonly service: CronService
  readonly metrics: Metrics
  send(method: string, path: string, body?: object, headers?: Headers): Promise<{ status: number; body: any }>
  post(path: string, body?: object, headers?: Headers): Promise<any>
  get(path: string): Promise<any>
  claim(body?: object, wait?: string): Promise<any[]>
  /** `extend` or `finish` what was claimed. */
  tell(held: { job: string; run: string; token: number }, command: string, body?: object): Promise<any>
}

/** The clock of all instances: the database's, put forward or back by a test. */
interface TurnedClock extends Clock {
  advance(ms: number): void
}

/** A journal, NATS, and instances of the cron service on one database. */
export interface World extends AsyncDisposable {
  readonly nats: NatsServer
  readonly bus: Bus
  readonly database: Database<unknown>
  readonly journal: JournalFixture
  readonly clock: TurnedClock
  /** Appends at the journal as the cron service does. */
  readonly append: Appender
  open(options?: Partial<CronParts>): Promise<Instance>
  /** While it runs the read model takes nothing in; what is there can be read. */
  withoutReadModel<T>(work: () => Promise<T>): Promise<T>
  /** Of one stream, or of one job by its name. */
  events(stream: string): Promise<JournalEvent[]>
}

const silent = createLogger({ service: 'test', level: 'silent' })

export async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats())
  const { url = '' } = stack.use(await createMigratedDatabase(journalMigrations, cronMigrations))
  const database = stack.use(openDatabase<any>({ url, applicationName: 'test', poolMax: 6 }))
  for (const source of [journalMigrations, cronMigrations]) await migrate(database, source)
  const journal = stack.use(
    await openJournalService(database, nats.url, { callers: assertedCallers(CALLER_KEY) }),
  )
  const bus = stack.use(await connectBus({ servers: nats.url, name: 'worker', wait: true }))
  const journalUrl = journal.service.http.url
  const append = journalAppender({ url: journalUrl, callerKey: CALLER_KEY, service: 'cron' })
  const clock = turnedClock(new DatabaseClock(database))
  const opened = stack.move()
  return {
    nats,
    bus,
    database,
    journal,
    clock,
    append,
    withoutReadModel: (work) =>
      database.kysely.transaction().execute(async (trx) => {
        await sql`lock table cron.runs in share row exclusive mode`.execute(trx)
        return work()
      }),
    open: (options = {}) => openInstance({ url, natsUrl: nats.url, journalUrl }, { clock, ...options }),
    events: (name) =>
      journalReader(database.kysely).page({
        tenant: 'main',
        stream: name.includes('/') ? name : `cron/${name}`,
        limit: 10_000,
      }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function turnedClock(real: Clock): TurnedClock {
  let aheadMs = 0
  return {
    now: async () => new Date(Date.parse(await real.now()) + aheadMs).toISOString(),
    advance(ms) {
      aheadMs += ms
    },
  }
}

async function openInstance(
  { url, natsUrl, journalUrl }: { url: string; natsUrl: string; journalUrl: string },
  options: Partial<CronParts>,
): Promise<Instance> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(openDatabase<unknown>({ url, applicationName: 'test-cron', poolMax: 6 }))
  const bus = stack.use(await connectBus({ servers: natsUrl, name: 'cron', wait: true }))
  const metrics = createMetrics({ service: 'cron', processMetrics: false })
  const service = stack.use(
    await openCron({
      database,
      bus,
      logger: silent,
      metrics,
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      append: journalAppender({ url: journalUrl, callerKey: CALLER_KEY, service: 'cron', bus }),
      compareMs: 500,
      lagMax: 1_000,
      sweepMs: 200,
      clearEveryMs: 600_000,
      ...options,
    }),
  )
  const send: Instance['send'] = (method, path, body, headers = {}) =>
    ask({ service }, `/v1/cron/${path}`, { method, headers, ...(body !== undefined && { body }) })
  const post: Instance['post'] = async (path, body = {}, headers) =>
    (await send('POST', path, body, headers)).body
  const opened = stack.move()
  return {
    service,
    metrics,
    send,
    post,
    get: async (path) => (await send('GET', path)).body,
    claim: async (body = {}, wait = '0s') => {
      const answer = await post(`runs/claim?wait=${wait}`, { worker: 'w', ...body })
      if (answer.runs === undefined) throw new Error(JSON.stringify(answer))
      return answer.runs
    },
    tell: ({ job, run, token }, command, body = {}) =>
      post(`jobs/${job}/runs/${run}/${command}`, { token, ...body }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Which events there are, in order, without what all of them begin with. */
export function told(events: readonly JournalEvent[]): string {
  return events.map(({ type }) => type.replace('CRON_', '')).join(' ')
}

export const agent: Actor = { kind: 'agent', id: 'bot' }

/** Far ahead, so that only what a test asks for happens. */
export const NEVER_SOON = { at: '2200-01-01T00:00:00.000Z' }
