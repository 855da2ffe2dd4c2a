import { fileURLToPath } from 'node:url'
import { type Clock, DatabaseClock, type MigrationSource, requireMigrated } from '@daybook/database'
import {
  createProjectionMetrics,
  generationMigrations,
  noArchive,
  type OpenService,
  observeConsumers,
  type Projection,
  projectionRoutes,
  type ServiceParts,
  serveReadModels,
} from '@daybook/eventing'
import { rememberJobs } from './commands.ts'
import { openCommands } from './open-commands.ts'
import { openJobs } from './open-jobs.ts'
import { scheduleReader } from './schedule/reader.ts'
import { TZDATA } from './schedule/tzdata.ts'
import { startScheduler } from './scheduler/scheduler.ts'

/** Of the HTTP API. */
const VERSION = '1.0.0'

const CONSUMER = { stream: 'DAYBOOK_EVENTS', durable: 'cron-jobs' }

export const cronMigrations: MigrationSource = {
  service: 'cron',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  shared: generationMigrations('cron'),
}

/** What the cron service runs on. It closes none of it. */
export interface CronParts extends ServiceParts {
  /** What time it is; the database's clock unless told. */
  clock?: Clock | undefined
  /** So often at least it is looked for what is due; 5 s unless told. */
  sweepMs?: number | undefined
  /** A run that no worker took is offered again after so long; 30 s unless told. */
  offerEveryMs?: number | undefined
  /** How often the read model is looked through for what is to be cleared away. */
  clearEveryMs?: number | undefined
  /** By which this instance is told from others; made up unless told. */
  instance?: string | undefined
}

export interface CronService extends OpenService {
  /** The read model of jobs and their runs. */
  readonly jobs: Projection<unknown>
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openCron(parts: CronParts): Promise<CronService> {
  const { database, bus, metrics, archive = noArchive, clearEveryMs } = parts
  await requireMigrated(database, cronMigrations)
  await using stack = new AsyncDisposableStack()
  const clock = parts.clock ?? new DatabaseClock(database)
  const common = {
    ...parts,
    metrics: createProjectionMetrics(metrics),
    archive,
    consumer: { bus, ...CONSUMER },
  }
  const schedules = scheduleReader()
  const jobs = stack.use(
    openJobs({ ...common, schedules, tzdata: TZDATA, clock, registry: metrics, clearEveryMs }),
  )
  observeConsumers(metrics, bus, [CONSUMER])
  const { projection } = jobs
  const { slotsOf } = schedules
  const working = { ...parts, archive, clock, schedules, slotsOf, projection, remembered: rememberJobs() }
  const doing = stack.use(openCommands(working))
  stack.use(startScheduler({ ...working, commands: doing.commands }))
  const plugins = [...jobs.plugins, ...doing.plugins, ...projectionRoutes([jobs.served])]
  const doors = { service: 'cron', version: VERSION, projections: [jobs.served], plugins }
  const http = stack.use(await serveReadModels(parts, doors))
  const opened = stack.move()
  return { http, jobs: projection, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
