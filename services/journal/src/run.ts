import { connectBus, inboxOfService, topologyOf } from '@daybook/bus'
import { type Database, migrate, openDatabase, requireMigrated } from '@daybook/database'
import { APPEND_LIMITS } from '@daybook/events'
import {
  aborted,
  assertedCallers,
  callerKeyOf,
  createLogger,
  createMetrics,
  type Logger,
  startTracing,
} from '@daybook/runtime'
import { createBatcher } from './batcher.ts'
import type { JournalConfig } from './config.ts'
import { requireDurableDatabase } from './database-safety.ts'
import { beginEra } from './era.ts'
import { journalMigrations } from './migrations.ts'
import { monitorUrlsOf, NatsSafety } from './nats-safety.ts'
import { archiveOnce, archiveOptionsOf } from './retention.ts'
import { openJournal } from './service.ts'
import { createAppender } from './store/append.ts'
import type { JournalTables } from './store/tables.ts'

/** A NATS that is there is connected and asked well within this; one that is away does not hold up HTTP for longer. */
const NATS_LOOK_MS = 2_000

/** Serves until the signal aborts. Errors: `unsafe-configuration`, `migration-failed`, `unavailable`, `port-in-use`. */
export async function runJournal(config: JournalConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  await using appends = openJournalDatabase(config, logger, appendSettings)
  await requireDurableDatabase(appends, { isAllowed: config.UNSAFE_DATABASE, logger })
  await using bus = await connectBus(
    {
      servers: config.NATS_URL,
      name: 'journal',
      nkeySeed: config.NATS_NKEY_SEED,
      inboxPrefix: inboxOfService('journal'),
      topology: topologyOf(config),
    },
    logger,
  )
  await using natsSafety = new NatsSafety({
    bus,
    monitorUrls: monitorUrlsOf(config.NATS_URL, config.NATS_MONITOR_URL),
    isAllowed: config.UNSAFE_NATS,
    needsAccounts: config.NATS_ACCOUNTS_REQUIRED,
    logger,
  })
  await natsSafety.ready(NATS_LOOK_MS)
  await using tracing = await startTracing('journal', config.OTEL_EXPORTER_OTLP_ENDPOINT)
  await using journal = await openJournal({
    database,
    appends,
    bus,
    logger,
    metrics: createMetrics({ service: 'journal' }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    callers: assertedCallers(callerKeyOf(config)),
    limits: { ...APPEND_LIMITS, payloadBytesMax: config.PAYLOAD_BYTES_MAX },
    archive: archiveOptionsOf(config),
    appendBudgetMs: config.APPEND_BUDGET_MS,
    natsSafety,
    tracing,
  })
  logger.info({ url: journal.http.url }, 'the journal is open')
  await Promise.race([aborted(signal), journal.http.failed, natsSafety.failed])
}

/** Brings the journal's tables up to date; run it as the tables' owner. */
export async function migrateJournal(config: JournalConfig): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  const applied = await migrate(database, journalMigrations)
  logger.info({ applied }, 'the tables of the journal are up to date')
}

/** Archives what is old enough, once. Errors: `invalid-usage` when the settings name no archive or no age. */
export async function archiveJournal(config: JournalConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  await using appends = openJournalDatabase(config, logger, appendSettings)
  await requireMigrated(database, journalMigrations)
  await using batcher = createBatcher({ commit: createAppender(appends) })
  const archived = await archiveOnce({ database, batcher, logger }, archiveOptionsOf(config), signal)
  logger.info({ archived }, 'what was old enough is in the archive')
}

/** After a restore: see `beginEra`. */
export async function raiseJournalEra(config: JournalConfig): Promise<void> {
  const logger = createLogger({ service: 'journal', level: config.LOG_LEVEL })
  await using database = openJournalDatabase(config, logger)
  const inboxPrefix = inboxOfService('journal')
  const { NATS_URL: servers, NATS_NKEY_SEED: nkeySeed } = config
  await using bus = await connectBus({ servers, name: 'journal-era', nkeySeed, inboxPrefix }, logger)
  await beginEra({ database, bus, logger })
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
