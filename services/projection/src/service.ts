import { fileURLToPath } from 'node:url'
import { type MigrationSource, requireMigrated } from '@daybook/database'
import {
  createProjectionMetrics,
  journalReader,
  noArchive,
  type OpenService,
  observeConsumers,
  type Projection,
  projectionRoutes,
  type ServiceParts,
  serveReadModels,
  watchHead,
} from '@daybook/eventing'
import { approvalRoutes } from './approvals/routes.ts'
import { recentEvents } from './recent-events.ts'
import { listEventsRoute, recentEventsRoute } from './routes/events.ts'
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
export type ProjectionParts = ServiceParts

export interface ProjectionService extends OpenService {
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
  const projections = [runs.served, sessions.served]
  const plugins = [
    listEventsRoute({ database, head, archive }),
    recentEventsRoute(recentEvents(database, archive)),
    readStreamRoute({ database, head, archive }),
    ...runs.plugins,
    ...approvalRoutes({ database, head, archive, projection: runs.projection, append: parts.append }),
    ...sessions.plugins,
    ...sessionStateRoutes({ projection: sessions.projection, archive }),
    ...projectionRoutes(projections),
  ]
  const doors = { service: 'projection', version: VERSION, projections, plugins }
  const http = stack.use(await serveReadModels(parts, doors))
  const opened = stack.move()
  return {
    http,
    runs: runs.projection,
    sessions: sessions.projection,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
