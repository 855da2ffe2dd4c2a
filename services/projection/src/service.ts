import { fileURLToPath } from 'node:url'
import type { Bus } from '@daybook/bus'
import { type Database, type MigrationSource, requireMigrated } from '@daybook/database'
import {
  type Appender,
  createProjectionMetrics,
  journalReader,
  noArchive,
  observeConsumers,
  type PayloadArchive,
  type Projection,
  readinessOf,
  watchHead,
} from '@daybook/eventing'
import {
  type CallerCheck,
  type CheckResult,
  createHealth,
  type HttpServer,
  type Logger,
  type Metrics,
  serveHttp,
  type Tracing,
} from '@daybook/runtime'
import { sql } from 'kysely'
import { approvalRoutes } from './approvals/routes.ts'
import { recentEvents } from './recent-events.ts'
import { listEventsRoute, recentEventsRoute } from './routes/events.ts'
import { projectionRoutes } from './routes/projections.ts'
import { readStreamRoute } from './routes/streams.ts'
import { openRuns } from './runs/open-runs.ts'
import { openSessions } from './sessions/open-sessions.ts'
import { sessionStateRoutes } from './time-travel/session-routes.ts'

/** Of the HTTP API. */
const VERSION = '1.0.0'

const RUNS_CONSUMER = { stream: 'DAYBOOK_EVENTS', durable: 'projection-runs' }
const SESSIONS_CONSUMER = { stream: 'DAYBOOK_EVENTS', durable: 'projection-sessions' }

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

export interface ProjectionService extends AsyncDisposable {
  readonly http: HttpServer
  /** The read model of runs and their effects. */
  readonly runs: Projection<unknown>
  /** The read model of sessions. */
  readonly sessions: Projection<unknown>
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openProjection(parts: ProjectionParts): Promise<ProjectionService> {
  const { database, bus, logger, metrics, archive = noArchive } = parts
  await requireMigrated(database, projectionMigrations)
  await using stack = new AsyncDisposableStack()
  const head = stack.use(watchHead({ readHead: () => journalReader(database.kysely).head(), bus, logger }))
  const common = { ...parts, metrics: createProjectionMetrics(metrics), archive }
  const runs = stack.use(openRuns({ ...common, consumer: { bus, ...RUNS_CONSUMER } }))
  const sessions = stack.use(
    openSessions({ ...common, consumer: { bus, ...SESSIONS_CONSUMER }, runs: runs.projection }),
  )
  observeConsumers(metrics, bus, [RUNS_CONSUMER, SESSIONS_CONSUMER])
  const health = createHealth()
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  health.addCheck('runs', () => readinessOf(runs.projection, parts.lagMax))
  health.addCheck('sessions', () => readinessOf(sessions.projection, parts.lagMax))
  health.addCheck('bus', () => busState(bus, parts.compareMs))
  const plugins = [
    listEventsRoute({ database, head, archive }),
    recentEventsRoute(recentEvents(database, archive)),
    readStreamRoute({ database, head, archive }),
    ...runs.plugins,
    ...approvalRoutes({ database, head, archive, projection: runs.projection, append: parts.append }),
    ...sessions.plugins,
    ...sessionStateRoutes({ projection: sessions.projection, archive }),
    ...projectionRoutes([runs.served, sessions.served]),
  ]
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      callers: parts.callers,
      service: 'projection',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins,
    }),
  )
  const opened = stack.move()
  return {
    http,
    runs: runs.projection,
    sessions: sessions.projection,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The bus only makes the read models fresher: without it the service is slower to know, and does all it has to. */
function busState(bus: Bus, compareMs: number): CheckResult & { detail: string } {
  if (bus.connected) return { ok: true, detail: 'connected' }
  return { ok: true, detail: `NATS is away; the journal's tables are read every ${compareMs} ms instead` }
}
