import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type Bus, connectBus } from '@daybook/bus'
import {
  type Database,
  type MigrationSource,
  migrate,
  openDatabase,
  requireMigrated,
} from '@daybook/database'
import { type HeadWatcher, journalReader, watchHead } from '@daybook/eventing'
import { APPEND_LIMITS, type AppendLimits, subjects } from '@daybook/events'
import {
  aborted,
  createHealth,
  createLogger,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  serveHttp,
} from '@daybook/runtime'
import { sql } from 'kysely'
import { type Batcher, createBatcher } from './batcher.ts'
import type { JournalConfig } from './config.ts'
import { whenAppendRequested, whenAppendsQueued } from './handlers.ts'
import { Leaves } from './leaves.ts'
import { observeAppends } from './observe.ts'
import { runRelay } from './relay.ts'
import { journalRoutes } from './routes.ts'
import { createAppender } from './store/append.ts'
import { keepDeadLetter } from './store/dead-letters.ts'
import { ensurePartitions, LEAF_POSITIONS } from './store/partitions.ts'
import type { JournalTables } from './store/tables.ts'
import { Tap } from './tap.ts'

/** Of the HTTP API. */
const VERSION = '1.0.0'

export const journalMigrations: MigrationSource = {
  service: 'journal',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/** What the journal runs on. It closes none of it. */
export interface JournalParts {
  database: Database<JournalTables>
  /** The same database over connections for appends alone, see `appendSettings`. */
  appends: Database<JournalTables>
  bus: Bus
  logger: Logger
  metrics: Metrics
  http: { host: string; port: number }
  limits: AppendLimits
  appendBudgetMs: number
}

export interface JournalService extends AsyncDisposable {
  readonly http: HttpServer
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openJournal(parts: JournalParts): Promise<JournalService> {
  const { database, appends, bus, logger, metrics, limits } = parts
  await requireMigrated(database, journalMigrations)
  await using stack = new AsyncDisposableStack()
  const health = createHealth()
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  const watcher = stack.use(watchHead({ readHead: () => journalReader(database.kysely).head(), bus, logger }))
  const leaves = await Leaves.open({
    size: LEAF_POSITIONS,
    ensure: () => ensurePartitions(database, LEAF_POSITIONS),
    logger,
  })
  health.addCheck('leaves', () => leaves.state())
  const tap = new Tap()
  const batcher = stack.use(
    createBatcher({
      commit: createAppender(appends),
      onCommit: (added) => {
        const head = added.base + added.events.length
        tap.offer(added)
        signalHead(bus, head)
        leaves.reached(head)
      },
      ...observeAppends(metrics, logger, parts.appendBudgetMs),
    }),
  )
  stack.use(startRelay(parts, { watcher, tap, batcher }))
  const handlers = { bus, batcher, logger, limits, keepDeadLetter: keepDeadLetter.bind(undefined, database) }
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      service: 'journal',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins: journalRoutes({ database, batcher, limits }),
    }),
  )
  stack.use(bus.respond(subjects.rpc('*', 'journal', 'append'), 'journal', whenAppendRequested(handlers)))
  stack.use(bus.consume({ stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }, whenAppendsQueued(handlers)))
  const opened = stack.move()
  return { http, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** A hint to whoever waits for new events; the journal's table is the truth, so a lost hint costs a moment only. */
function signalHead(bus: Bus, position: number): void {
  if (bus.connected) bus.publish(subjects.head, String(position))
}

function startRelay(
  { database, bus, logger, metrics }: JournalParts,
  { watcher, tap, batcher }: { watcher: HeadWatcher; tap: Tap; batcher: Batcher },
): AsyncDisposable {
  const controller = new AbortController()
  const published = metrics.gauge({
    name: 'relay_position',
    help: 'The last position published to JetStream by this instance.',
  })
  const running = runRelay(
    {
      database,
      bus,
      logger,
      reader: journalReader(database.kysely),
      tap,
      isSaturated: () => batcher.isSaturated,
      owner: randomUUID(),
      waitBeyond: async (position, timeoutMs, signal) => {
        await watcher
          .waitBeyond(position, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
          .catch(() => {})
      },
      onPublished: (position) => published.set(position),
    },
    controller.signal,
  )
  return {
    async [Symbol.asyncDispose]() {
      controller.abort()
      await running
    },
  }
}

/** Serves until the signal aborts. */
export async function runJournal(config: JournalConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  await using appends = openJournalDatabase(config, logger, appendSettings)
  await using bus = await connectBus(
    { servers: config.NATS_URL, name: 'journal', inboxPrefix: '_INBOX_journal' },
    logger,
  )
  await using journal = await openJournal({
    database,
    appends,
    bus,
    logger,
    metrics: createMetrics({ service: 'journal' }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    limits: { ...APPEND_LIMITS, payloadBytesMax: config.PAYLOAD_BYTES_MAX },
    appendBudgetMs: config.APPEND_BUDGET_MS,
  })
  logger.info({ url: journal.http.url }, 'the journal is open')
  await Promise.race([aborted(signal), journal.http.failed])
}

/** Brings the journal's tables up to date; run it as the tables' owner. */
export async function migrateJournal(config: JournalConfig): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  const applied = await migrate(database, journalMigrations)
  logger.info({ applied }, 'the tables of the journal are up to date')
}

/**
 * Appends run two prepared statements whose every look-up goes by a unique index. A plan that is made while the tables
 * are small would rather read them whole, and is kept while they grow; so those ways are closed, and nothing is gained
 * by compiling the plan.
 */
const appendSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
}

function openJournalDatabase(
  config: JournalConfig,
  logger: Logger,
  settings: Readonly<Record<string, string>> = {},
): Database<JournalTables> {
  return openDatabase<JournalTables>({
    url: config.DATABASE_URL,
    applicationName: 'daybook-journal',
    settings,
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
}
