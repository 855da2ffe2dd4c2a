import { type Bus, connectBus } from '@daybook/bus'
import type { Clock, Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { noArchive, projectionRoutes, serveReadModels } from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import { createLogger, createMetrics, type HttpServer } from '@daybook/runtime'
import { trustingCallers } from '@daybook/testing'
import { expect } from 'vitest'
import {
  createJournalFixture,
  type Entry,
  type JournalFixture,
} from '../../../packages/eventing/test/journal-fixture.ts'
import { type Jobs, openJobs } from '../src/open-jobs.ts'
import { type ScheduleReader, scheduleReader } from '../src/schedule/reader.ts'
import { cronMigrations } from '../src/service.ts'

/** Nothing listens there: the bus is down. */
const NO_NATS = 'nats://127.0.0.1:1'
const WAIT_MS = 10_000
/** What time it is in these tests, until one turns the clock. */
export const NOW = '2026-11-22T12:00:00.000Z'

/** The read model and its doors, on a database with a journal that the test fills. Nobody decides anything. */
export interface JobsFixture extends AsyncDisposable {
  readonly journal: JournalFixture
  readonly bus: Bus
  readonly service: { readonly http: HttpServer; readonly jobs: Jobs['projection'] }
  readonly clock: Clock & { turn(now: string): void }
  /** Has the journal take the entries in, and waits until they are in the read model. */
  append(...entries: Entry[]): Promise<JournalEvent[]>
}

export interface JobsOptions {
  natsUrl?: string
  compareMs?: number
  clearEveryMs?: number
  /** Already migrated, with what a test has put into it; otherwise a fresh one. */
  journal?: JournalFixture
  tzdata?: string
  schedules?: ScheduleReader
  /** Instead of the journal's own view of the database. */
  database?: (journal: JournalFixture) => Database<unknown>
}

/** A journal whose database also has the tables of the read model. */
export function createMigratedJournal(): Promise<JournalFixture> {
  return createJournalFixture(cronMigrations)
}

export async function openReadModel(options: JobsOptions = {}): Promise<JobsFixture> {
  await using stack = new AsyncDisposableStack()
  const { compareMs = 20, clearEveryMs = 600_000, tzdata = '2026c' } = options
  const journal = options.journal ?? stack.use(await createMigratedJournal())
  const bus = stack.use(await connectBus({ servers: options.natsUrl ?? NO_NATS, name: 'test' }))
  const metrics = createMetrics({ service: 'cron', processMetrics: false })
  const clock = turnedClock()
  const common = {
    database: options.database?.(journal) ?? journal.database,
    logger: createLogger({ service: 'test', level: 'silent' }),
    compareMs,
    tracing: undefined,
  }
  const jobs = stack.use(
    openJobs({
      ...common,
      clock,
      tzdata,
      clearEveryMs,
      registry: metrics,
      archive: noArchive,
      schedules: options.schedules ?? scheduleReader(),
      consumer: { bus, stream: 'DAYBOOK_EVENTS', durable: 'cron-jobs' },
    }),
  )
  const parts = {
    ...common,
    bus,
    metrics,
    http: { host: '127.0.0.1', port: 0 },
    callers: trustingCallers,
    append: noJournal,
    lagMax: 1_000,
  }
  const plugins = [...jobs.plugins, ...projectionRoutes([jobs.served])]
  const doors = { service: 'cron', version: '1.0.0', projections: [jobs.served], plugins }
  const http = stack.use(await serveReadModels(parts, doors))
  const opened = stack.move()
  return {
    journal,
    bus,
    clock,
    service: { http, jobs: jobs.projection },
    async append(...entries) {
      const events = await journal.append(...entries)
      expect(await jobs.projection.waitFor(events.at(-1)?.position ?? 0, WAIT_MS)).toBe(true)
      return events
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The journal service is away. */
function noJournal(): Promise<never> {
  return Promise.reject(new DaybookError('unavailable', 'There is no journal service in this test.'))
}

function turnedClock(): JobsFixture['clock'] {
  let now = NOW
  return {
    now: () => Promise.resolve(now),
    turn(to) {
      now = to
    },
  }
}
