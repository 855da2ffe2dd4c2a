import { type Bus, connectBus } from '@daybook/bus'
import { type Clock, type Database, DatabaseClock, migrate, openDatabase } from '@daybook/database'
import { journalAppender, journalReader } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { assertedCallers, createLogger, createMetrics, type Metrics } from '@daybook/runtime'
import { type NatsServer, startNats, trustingCallers } from '@daybook/testing'
import { createMigratedDatabase } from '../../../packages/database/test/migrated-database.ts'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { journalMigrations } from '../../journal/src/migrations.ts'
import { type JournalFixture, openJournalService } from '../../journal/test/service-fixture.ts'
import { type CronParts, type CronService, cronMigrations, openCron } from '../src/service.ts'

const CALLER_KEY = 'a key for tests that is as long as it has to be'

/** A clock that a test turns: the database's, and so much later or earlier. */
interface TurnedClock extends Clock {
  turn(byMs: number): void
}

/** An instance of the service. */
export interface Instance extends AsyncDisposable {
  readonly service: CronService
  readonly metrics: Metrics
}

/** A journal, NATS, and instances of the cron service on one database, all by one clock. */
export interface World extends AsyncDisposable {
  readonly nats: NatsServer
  readonly bus: Bus
  readonly database: Database<any>
  readonly journal: JournalFixture
  readonly clock: TurnedClock
  readonly append: CronParts['append']
  open(options?: Partial<CronParts>): Promise<Instance>
  /** Of one job, in order. */
  eventsOf(job: string): Promise<JournalEvent[]>
  streamEvents(stream: string): Promise<JournalEvent[]>
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
  const bus = stack.use(await connectBus({ servers: nats.url, name: 'listener', wait: true }))
  const clock = turnedClock(new DatabaseClock(database))
  const append = journalAppender({
    url: journal.service.http.url,
    callerKey: CALLER_KEY,
    service: 'cron',
    bus,
  })
  const streamEvents = (stream: string) =>
    journalReader(database.kysely).page({ tenant: 'main', stream, limit: 10_000 })
  const opened = stack.move()
  return {
    nats,
    bus,
    database,
    journal,
    clock,
    append,
    open: (options = {}) => openInstance({ url, nats, append, clock }, options),
    streamEvents,
    eventsOf: (job) => streamEvents(`cron/${job}`),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function turnedClock(real: Clock): TurnedClock {
  let laterMs = 0
  return {
    now: async () => new Date(Date.parse(await real.now()) + laterMs).toISOString(),
    turn: (byMs) => {
      laterMs += byMs
    },
  }
}

async function openInstance(
  { url, nats, append, clock }: { url: string; nats: NatsServer; append: CronParts['append']; clock: Clock },
  options: Partial<CronParts>,
): Promise<Instance> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(openDatabase<unknown>({ url, applicationName: 'test-cron', poolMax: 6 }))
  const bus = stack.use(await connectBus({ servers: nats.url, name: 'cron', wait: true }))
  const metrics = createMetrics({ service: 'cron', processMetrics: false })
  const service = stack.use(
    await openCron({
      database,
      bus,
      logger: silent,
      metrics,
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      append,
      compareMs: 500,
      lagMax: 1_000,
      clock,
      sweepMs: 200,
      clearEveryMs: 600_000,
      ...options,
    }),
  )
  const opened = stack.move()
  return { service, metrics, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Makes a job, as a user would. */
export async function define(instance: Instance, name: string, definition: object): Promise<any> {
  const { status, body } = await ask(instance, '/v1/cron/jobs', {
    method: 'POST',
    body: { name, ...definition },
  })
  if (status >= 300) throw new Error(JSON.stringify(body))
  return body
}

/** A note that a job makes: an event of a run's log. */
export const note = (stream: string) => ({
  do: 'append',
  stream,
  type: 'PROCESS_LOG',
  data: { message: 'hello' },
  slotAs: 'label',
})

/** A text of an event's data. */
export function said({ data }: Pick<JournalEvent, 'data'>, member: string): string {
  const value = data[member]
  return typeof value === 'string' ? value : ''
}
