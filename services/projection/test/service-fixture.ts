import { type Bus, connectBus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Appender, PayloadArchive } from '@daybook/eventing'
import type { Effect, JournalEvent, RunSummary } from '@daybook/events'
import { createLogger, createMetrics } from '@daybook/runtime'
import { trustingCallers } from '@daybook/testing'
import type { Transaction } from 'kysely'
import { useTables } from '../../../packages/eventing/src/generation.ts'
import { createJournalFixture, type JournalFixture } from '../../../packages/eventing/test/journal-fixture.ts'
import { openProjection, type ProjectionService, projectionMigrations } from '../src/service.ts'

/** Nothing listens there: the bus is down. */
const NO_NATS = 'nats://127.0.0.1:1'

/** The journal service is away. */
const noJournal: Appender = () =>
  Promise.reject(new DaybookError('unavailable', 'There is no journal service in this test.'))

/** Whatever an answer may hold. */
interface Body {
  runs: RunSummary[]
  effects: Effect[]
  events: JournalEvent[]
  next: string | number | null
  code: string
  detail: string
  runId: string
  status: string
  ready: boolean
  checks: Record<string, { ok: boolean; reason?: string }>
}

interface Answer {
  status: number
  headers: Headers
  text: string
  body: Body
}

/** The service on a database of its own, with a journal that the test fills. */
export interface ServiceFixture extends AsyncDisposable {
  journal: JournalFixture
  service: ProjectionService
  bus: Bus
  get(path: string, headers?: Record<string, string>): Promise<Answer>
}

export interface ServiceOptions {
  natsUrl?: string
  compareMs?: number
  lagMax?: number
  archive?: PayloadArchive
  /** Already migrated, with what a test has put into it; otherwise a fresh one. */
  journal?: JournalFixture
  /** Where commands append; without it they cannot. */
  append?: Appender
  /** Instead of the journal's own view of the database. */
  database?: (journal: JournalFixture) => Database<unknown>
}

/** A journal whose database also has the tables of the read models. */
export function createMigratedJournal(): Promise<JournalFixture> {
  return createJournalFixture(projectionMigrations)
}

/** Works on the tables of the generation that a fresh database begins with, as a projection does. */
export function inRunsTables<T>(
  { database }: JournalFixture,
  work: (trx: Transaction<unknown>) => Promise<T>,
): Promise<T> {
  return database.transaction(async (trx) => {
    await useTables(trx, 'projection_runs_g1')
    return work(trx)
  })
}

export async function openService(options: ServiceOptions = {}): Promise<ServiceFixture> {
  await using stack = new AsyncDisposableStack()
  const journal = options.journal ?? stack.use(await createMigratedJournal())
  const bus = stack.use(await connectBus({ servers: options.natsUrl ?? NO_NATS, name: 'test' }))
  const service = stack.use(
    await openProjection({
      database: options.database?.(journal) ?? journal.database,
      bus,
      logger: createLogger({ service: 'test', level: 'silent' }),
      metrics: createMetrics({ service: 'projection', processMetrics: false }),
      http: { host: '127.0.0.1', port: 0 },
      callers: trustingCallers,
      append: options.append ?? noJournal,
      compareMs: options.compareMs ?? 600_000,
      lagMax: options.lagMax ?? 1_000,
      archive: options.archive,
    }),
  )
  const opened = stack.move()
  return {
    journal,
    service,
    bus,
    async get(path, headers = {}) {
      const response = await fetch(`${service.http.url}${path}`, { headers })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') === true
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: JSON.parse(isJson ? text : '{}'),
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
