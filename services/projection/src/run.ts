import { connectBus, inboxOfService, topologyOf } from '@daybook/bus'
import { type Database, migrate, openDatabase } from '@daybook/database'
import { archiveStoreOf, journalAppender, type PayloadArchive, payloadArchive } from '@daybook/eventing'
import {
  aborted,
  assertedCallers,
  callerKeyOf,
  createLogger,
  createMetrics,
  type Logger,
  startTracing,
} from '@daybook/runtime'
import type { ProjectionConfig } from './config.ts'
import { openProjection, projectionMigrations } from './service.ts'

/** Serves until the signal aborts. */
export async function runProjection(config: ProjectionConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'projection', level: config.LOG_LEVEL })
  await using database = openProjectionDatabase(config, logger)
  await using bus = await connectBus(
    {
      servers: config.NATS_URL,
      name: 'projection',
      nkeySeed: config.NATS_NKEY_SEED,
      inboxPrefix: inboxOfService('projection'),
      topology: topologyOf(config),
      makesTopology: false,
    },
    logger,
  )
  await using tracing = await startTracing('projection', config.OTEL_EXPORTER_OTLP_ENDPOINT)
  await using projection = await openProjection({
    database,
    bus,
    logger,
    metrics: createMetrics({ service: 'projection' }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    callers: assertedCallers(callerKeyOf(config)),
    append: journalAppender({
      url: config.JOURNAL_URL,
      callerKey: callerKeyOf(config),
      service: 'projection',
    }),
    compareMs: config.COMPARE_MS,
    lagMax: config.LAG_MAX,
    tracing,
    archive: archiveOf(config),
  })
  logger.info({ url: projection.http.url }, 'the projection is open')
  await Promise.race([aborted(signal), projection.http.failed])
}

function archiveOf(config: ProjectionConfig): PayloadArchive | undefined {
  const store = archiveStoreOf(config)
  return store && payloadArchive(store)
}

/** Brings the tables of the read models up to date; run it as their owner, after the journal's. */
export async function migrateProjection(config: ProjectionConfig): Promise<void> {
  const logger = createLogger({ service: 'projection', level: config.LOG_LEVEL })
  await using database = openProjectionDatabase(config, logger)
  const applied = await migrate(database, projectionMigrations)
  logger.info({ applied }, 'the tables of the projection are up to date')
}

function openProjectionDatabase(config: ProjectionConfig, logger: Logger): Database<unknown> {
  return openDatabase<unknown>({
    url: config.DATABASE_URL,
    applicationName: 'daybook-projection',
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
}
