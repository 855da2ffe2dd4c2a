import { type Bus, connectBus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Appender, PayloadArchive } from '@daybook/eventing'
import { createLogger, createMetrics } from '@daybook/runtime'
import { trustingCallers } from '@daybook/testing'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { type InboundService, inboundMigrations, openInbound } from '../src/service.ts'

/** Nothing listens there: the bus is down. */
const NO_NATS = 'nats://127.0.0.1:1'

/** The journal service is away. */
const noJournal: Appender = () =>
  Promise.reject(new DaybookError('unavailable', 'There is no journal service in this test.'))

/** The service on a database of its own, with a journal that the test fills. */
export interface ServiceFixture extends AsyncDisposable {
  journal: JournalFixture
  service: InboundService
  bus: Bus
}

export interface ServiceOptions {
  natsUrl?: string
  compareMs?: number
  /** Already migrated, with what a test has put into it; otherwise a fresh one. */
  journal?: JournalFixture
  /** Where commands append; without it they cannot. */
  append?: Appender
  sources?: string
  /** Where `sources` finds secrets. */
  environment?: Record<string, string>
  clearEveryMs?: number
  archive?: PayloadArchive
  /** Instead of the journal's own view of the database. */
  database?: (journal: JournalFixture) => Database<unknown>
}

/** A journal whose database also has the tables of the read model. */
export function createMigratedJournal(): Promise<JournalFixture> {
  return createJournalFixture(inboundMigrations)
}

export async function openService(options: ServiceOptions = {}): Promise<ServiceFixture> {
  await using stack = new AsyncDisposableStack()
  const journal = options.journal ?? stack.use(await createMigratedJournal())
  const bus = stack.use(await connectBus({ servers: options.natsUrl ?? NO_NATS, name: 'test' }))
  const service = stack.use(
    await openInbound({
      database: options.database?.(journal) ?? journal.database,
      bus,
      logger: createLogger({ service: 'test', level: 'silent' }),
      metrics: createMetrics({ service: 'inbound', processMetrics: false }),
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      append: options.append ?? noJournal,
      compareMs: options.compareMs ?? 600_000,
      lagMax: 1_000,
      sources: options.sources,
      environment: options.environment,
      clearEveryMs: options.clearEveryMs ?? 600_000,
      archive: options.archive,
    }),
  )
  const opened = stack.move()
  return { journal, service, bus, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
