import { type Bus, type BusService, connectBus, inboxOfService, topologyOf } from '@daybook/bus'
import { type Database, type MigrationSource, migrate, openDatabase } from '@daybook/database'
import {
  aborted,
  assertedCallers,
  type CallerCheck,
  callerKeyOf,
  createLogger,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  type ReadModelSettings,
  startTracing,
  type Tracing,
} from '@daybook/runtime'
import { type Appender, journalAppender } from './appender.ts'
import { archiveStoreOf, type PayloadArchive, payloadArchive } from './payload-archive.ts'

/** What a service with read models runs on. It closes none of it. */
export interface ServiceParts {
  database: Database<unknown>
  bus: Bus
  logger: Logger
  metrics: Metrics
  http: { host: string; port: number }
  /** Who makes a request. */
  callers: CallerCheck
  /** How commands append their events: at the journal service. */
  append: Appender
  compareMs: number
  lagMax: number
  /** Without it there are no traces. */
  tracing?: Tracing | undefined
  /** Where payloads are that were archived. Without it they cannot be read. */
  archive?: PayloadArchive | undefined
}

/** A service that is open. Disposing it stops everything in reverse: doors first, then what they lead to. */
export interface OpenService extends AsyncDisposable {
  readonly http: HttpServer
}

/** Connects what the settings name, opens the service on it, and serves until the signal aborts. */
export async function runService(
  service: BusService,
  { config, signal }: { config: ReadModelSettings; signal: AbortSignal },
  open: (parts: ServiceParts) => Promise<OpenService>,
): Promise<void> {
  const logger = createLogger({ service, level: config.LOG_LEVEL })
  await using database = openServiceDatabase(service, config, logger)
  await using bus = await connectBus(
    {
      servers: config.NATS_URL,
      name: service,
      nkeySeed: config.NATS_NKEY_SEED,
      inboxPrefix: inboxOfService(service),
      topology: topologyOf(config),
      makesTopology: false,
    },
    logger,
  )
  await using tracing = await startTracing(service, config.OTEL_EXPORTER_OTLP_ENDPOINT)
  await using opened = await open({
    database,
    bus,
    logger,
    metrics: createMetrics({ service }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    callers: assertedCallers(callerKeyOf(config)),
    append: journalAppender({ url: config.JOURNAL_URL, callerKey: callerKeyOf(config), service, bus }),
    compareMs: config.COMPARE_MS,
    lagMax: config.LAG_MAX,
    tracing,
    archive: archiveOf(config),
  })
  logger.info({ url: opened.http.url }, `the ${service} is open`)
  await Promise.race([aborted(signal), opened.http.failed])
}

function archiveOf(config: ReadModelSettings): PayloadArchive | undefined {
  const store = archiveStoreOf(config)
  return store && payloadArchive(store)
}

/** Brings the tables of a service up to date; run it as their owner, after the journal's. */
export async function migrateService(config: ReadModelSettings, source: MigrationSource): Promise<void> {
  const { service } = source
  const logger = createLogger({ service, level: config.LOG_LEVEL })
  await using database = openServiceDatabase(service, config, logger)
  const applied = await migrate(database, source)
  logger.info({ applied }, `the tables of the ${service} are up to date`)
}

function openServiceDatabase(service: string, config: ReadModelSettings, logger: Logger): Database<unknown> {
  return openDatabase<unknown>({
    url: config.DATABASE_URL,
    applicationName: `daybook-${service}`,
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
}
