import { connectBus } from '@daybook/bus'
import { type EmbeddedPostgres, migrate, openEmbedded } from '@daybook/database'
import { payloadArchive } from '@daybook/eventing'
import { APPEND_LIMITS } from '@daybook/events'
import { openGateway } from '@daybook/gateway'
import { beginEra, journalMigrations, openJournal, openKeyFile, openSealer } from '@daybook/journal'
import { startNatsServer } from '@daybook/nats-server'
import { type ObjectStore, openObjectStore } from '@daybook/object-store'
import { openProjection, projectionMigrations } from '@daybook/projection'
import { createLogger, createMetrics, type LogLevel } from '@daybook/runtime'
import type { DataDirectory } from './data-directory.ts'

export interface StackOptions {
  data: DataDirectory
  host: string
  httpPort: number
  natsPort: number
  /** Path of the nats-server binary. */
  natsServer: string
  logLevel: LogLevel
  /** The data directory was restored from a copy: see `beginEra`. */
  newEra?: boolean
  /** Told of each step, for people who wait. */
  onStep?: (step: string) => void
}

export interface Stack extends AsyncDisposable {
  readonly httpUrl: string
  readonly natsUrl: string
}

/** As in production, but it is one process: past this an append counts as over budget. */
const APPEND_BUDGET_MS = 25
/** The read models look at the journal this often by themselves; messages make them look at once. */
const COMPARE_MS = 2_000
/** Further behind than this, the stack says that it is not ready. */
const LAG_MAX = 10_000
/** Names the journal in its checkpoints; the key, which no other folder has, tells it from others. */
const ORIGIN = 'daybook.local/journal'
/** New events are under a checkpoint after so long, or when there are so many: a person waits for it at a terminal. */
const SEAL_INTERVAL_MS = 10_000
const SEAL_EVENTS = 1_000
const MAINTENANCE_EVERY_MS = 10 * 60_000
const LOOPBACK = '127.0.0.1'

/** Starts everything in this process, beside a real nats-server. Disposing it stops everything in reverse. */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { data, onStep = () => {} } = options
  await using stack = new AsyncDisposableStack()
  onStep('starting nats-server')
  const nats = stack.use(
    await startNatsServer({
      binary: options.natsServer,
      host: options.host,
      port: options.natsPort,
      storeDir: data.nats,
    }),
  )
  onStep('opening the embedded Postgres')
  const postgres = stack.use(await openEmbedded(data.postgres))
  onStep('bringing its tables up to date')
  await migrate(postgres.database(), journalMigrations)
  await migrate(postgres.database(), projectionMigrations)
  stack.use(startMaintenance(postgres))
  onStep('starting the services')
  const archive = openObjectStore(data.archive)
  const parts = { postgres, natsUrl: nats.url, logLevel: options.logLevel, archive }
  if (options.newEra === true) await raiseEra(parts)
  const journal = stack.use(await startJournal(parts))
  stack.use(await startSealer(parts, data.seal))
  const projection = stack.use(await startProjection(parts))
  const gateway = stack.use(
    await openGateway({
      logger: createLogger({ service: 'gateway', level: options.logLevel }),
      metrics: createMetrics({ service: 'gateway' }),
      http: { host: options.host, port: options.httpPort },
      upstreams: { journal: journal.url, projection: projection.url },
    }),
  )
  const opened = stack.move()
  return { httpUrl: gateway.http.url, natsUrl: nats.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** At once, since the tables may have grown before; the work is small as long as it is done often. */
function startMaintenance(postgres: EmbeddedPostgres): AsyncDisposable {
  // What fails is tried again at the next turn; it is only the speed of reads that waits for it.
  const run = () => postgres.maintain().catch(() => {})
  let running = run()
  const timer = setInterval(() => {
    running = run()
  }, MAINTENANCE_EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}

interface Parts {
  postgres: EmbeddedPostgres
  natsUrl: string
  logLevel: LogLevel
  /** Runs are archived only when somebody asks for it: `daybook archive:run`. */
  archive: ObjectStore
}

async function raiseEra({ postgres, natsUrl, logLevel }: Parts): Promise<void> {
  const logger = createLogger({ service: 'journal', level: logLevel })
  await using bus = await connectBus({ servers: natsUrl, name: 'journal-era' }, logger)
  await beginEra({ database: postgres.database(), bus, logger })
}

async function startJournal({
  postgres,
  natsUrl,
  logLevel,
  archive,
}: Parts): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const logger = createLogger({ service: 'journal', level: logLevel })
  const bus = stack.use(
    await connectBus({ servers: natsUrl, name: 'journal', inboxPrefix: '_INBOX_journal' }, logger),
  )
  const journal = stack.use(
    await openJournal({
      database: postgres.database(),
      appends: postgres.database(),
      bus,
      logger,
      metrics: createMetrics({ service: 'journal', processMetrics: false }),
      http: { host: LOOPBACK, port: 0 },
      limits: APPEND_LIMITS,
      appendBudgetMs: APPEND_BUDGET_MS,
      archive: { store: archive },
    }),
  )
  const opened = stack.move()
  return { url: journal.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function startSealer({ postgres, logLevel }: Parts, folder: string): Promise<AsyncDisposable> {
  return openSealer({
    database: postgres.database(),
    signer: await openKeyFile(folder, ORIGIN),
    origin: ORIGIN,
    intervalMs: SEAL_INTERVAL_MS,
    events: SEAL_EVENTS,
    logger: createLogger({ service: 'sealer', level: logLevel }),
  })
}

async function startProjection({
  postgres,
  natsUrl,
  logLevel,
  archive,
}: Parts): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const logger = createLogger({ service: 'projection', level: logLevel })
  const bus = stack.use(
    await connectBus({ servers: natsUrl, name: 'projection', inboxPrefix: '_INBOX_projection' }, logger),
  )
  const projection = stack.use(
    await openProjection({
      database: postgres.database(),
      bus,
      logger,
      metrics: createMetrics({ service: 'projection', processMetrics: false }),
      http: { host: LOOPBACK, port: 0 },
      compareMs: COMPARE_MS,
      lagMax: LAG_MAX,
      archive: payloadArchive(archive),
    }),
  )
  const opened = stack.move()
  return { url: projection.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
