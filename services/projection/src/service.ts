import { fileURLToPath } from 'node:url'
import { type Bus, connectBus, topologyOf } from '@daybook/bus'
import {
  type Database,
  type MigrationSource,
  migrate,
  openDatabase,
  requireMigrated,
} from '@daybook/database'
import {
  archiveStoreOf,
  createProjectionMetrics,
  journalReader,
  type LeftOutEvent,
  noArchive,
  observeConsumers,
  type PayloadArchive,
  type Projection,
  payloadArchive,
  readinessOf,
  startProjection,
  startRebuilds,
  watchHead,
} from '@daybook/eventing'
import type { JournalEvent } from '@daybook/events'
import {
  aborted,
  type CheckResult,
  createHealth,
  createLogger,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  serveHttp,
  startTracing,
  type Tracing,
} from '@daybook/runtime'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { ProjectionConfig } from './config.ts'
import { whenParkedRunsChanged, whenRunsChanged } from './handlers.ts'
import { listEffectsRoute } from './routes/effects.ts'
import { listEventsRoute } from './routes/events.ts'
import { projectionRoutes } from './routes/projections.ts'
import { getRunRoute, listRunsRoute } from './routes/runs.ts'
import { readStreamRoute } from './routes/streams.ts'
import { runsProjection } from './runs-projection.ts'

/** Of the HTTP API. */
const VERSION = '1.0.0'

export const projectionMigrations: MigrationSource = {
  service: 'projection',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/** What the projection runs on. It closes none of it. */
export interface ProjectionParts {
  database: Database<unknown>
  bus: Bus
  logger: Logger
  metrics: Metrics
  http: { host: string; port: number }
  compareMs: number
  lagMax: number
  /** Without it there are no traces. */
  tracing?: Tracing | undefined
  /** Where payloads are that were archived. Without it they cannot be read. */
  archive?: PayloadArchive | undefined
}

export interface ProjectionService extends AsyncDisposable {
  readonly http: HttpServer
  /** The read model of runs and their effects. */
  readonly runs: Projection<unknown>
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openProjection(parts: ProjectionParts): Promise<ProjectionService> {
  const { database, bus, logger, metrics, archive = noArchive } = parts
  await requireMigrated(database, projectionMigrations)
  await using stack = new AsyncDisposableStack()
  const head = stack.use(watchHead({ readHead: () => journalReader(database.kysely).head(), bus, logger }))
  const spec = runsSpec(parts, archive)
  const runs = stack.use(startProjection(spec))
  const rebuilds = stack.use(startRebuilds(spec, { onSwitched: () => runs.compareNow() }))
  observeConsumers(metrics, bus, [{ stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' }])
  const health = createHealth()
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  health.addCheck('runs', () => readinessOf(runs, parts.lagMax))
  health.addCheck('bus', () => busState(bus, parts.compareMs))
  const plugins = [
    listEventsRoute({ database, head, archive }),
    readStreamRoute({ database, head, archive }),
    listRunsRoute(runs),
    getRunRoute(runs),
    listEffectsRoute(runs),
    ...projectionRoutes([
      { ...runsProjection, projection: runs, rebuilds, archive, journal: journalReader(database.kysely) },
    ]),
  ]
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      service: 'projection',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins,
    }),
  )
  const opened = stack.move()
  return { http, runs, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function runsSpec(
  { database, bus, logger, metrics, tracing, compareMs }: ProjectionParts,
  archive: PayloadArchive,
) {
  return {
    ...runsProjection,
    apply: (trx: QueryExecutorProvider, events: readonly JournalEvent[]) =>
      whenRunsChanged(trx, events, archive),
    applyLeftOut: (trx: QueryExecutorProvider, leftOut: readonly LeftOutEvent[]) =>
      whenParkedRunsChanged(trx, leftOut, archive),
    archive,
    database,
    consumer: { bus, stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' },
    logger,
    metrics: createProjectionMetrics(metrics),
    tracing,
    compareMs,
  }
}

/** The bus only makes the read models fresher: without it the service is slower to know, and does all it has to. */
function busState(bus: Bus, compareMs: number): CheckResult & { detail: string } {
  if (bus.connected) return { ok: true, detail: 'connected' }
  return { ok: true, detail: `NATS is away; the journal's tables are read every ${compareMs} ms instead` }
}

/** Serves until the signal aborts. */
export async function runProjection(config: ProjectionConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'projection', level: config.LOG_LEVEL })
  await using database = openProjectionDatabase(config, logger)
  await using bus = await connectBus(
    {
      servers: config.NATS_URL,
      name: 'projection',
      inboxPrefix: '_INBOX_projection',
      topology: topologyOf(config),
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
