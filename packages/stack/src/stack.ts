import { randomBytes } from 'node:crypto'
import { createBusKeys, natsAccounts, SERVICES_ACCOUNT } from '@daybook/bus'
import { cronMigrations } from '@daybook/cron'
import { type EmbeddedPostgres, migrate, openEmbedded } from '@daybook/database'
import { APPEND_LIMITS } from '@daybook/events'
import { type GatewayParts, gatewayMigrations, openGateway } from '@daybook/gateway'
import { inboundMigrations } from '@daybook/inbound'
import { beginEra, journalMigrations, openJournal, openKeyFile, openSealer } from '@daybook/journal'
import { startNatsServer } from '@daybook/nats-server'
import { openObjectStore } from '@daybook/object-store'
import { projectionMigrations } from '@daybook/projection'
import {
  assertedCallers,
  createLogger,
  createMetrics,
  type Environment,
  type LogLevel,
} from '@daybook/runtime'
import type { DataDirectory } from './data-directory.ts'
import { openBus } from './nats-place.ts'
import {
  LOOPBACK,
  type Parts,
  readSources,
  startCron,
  startInbound,
  startProjection,
} from './read-model-services.ts'

export interface StackOptions {
  data: DataDirectory
  host: string
  httpPort: number
  natsPort: number
  /** Path of the nats-server binary. */
  natsServer: string
  logLevel: LogLevel
  /**
   * A JSON file with the limits and the webhooks of each source of inbound messages. Default: that of the data directory,
   * if it is there.
   */
  sourcesFile?: string
  /** Where that file finds the secrets that it names as environment variables. Default: there are none. */
  environment?: Environment | undefined
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
/** Names the journal in its checkpoints; the key, which no other folder has, tells it from others. */
const ORIGIN = 'daybook.local/journal'
/** New events are under a checkpoint after so long, or when there are so many: a person waits for it at a terminal. */
const SEAL_INTERVAL_MS = 10_000
const SEAL_EVENTS = 1_000
const MAINTENANCE_EVERY_MS = 10 * 60_000
/** The journal's make the roles of all. */
const MIGRATIONS = [
  journalMigrations,
  projectionMigrations,
  inboundMigrations,
  cronMigrations,
  gatewayMigrations,
]

/** Starts everything in this process, beside a real nats-server. Disposing it stops everything in reverse. */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { data, onStep = () => {} } = options
  const sources = await readSources(options)
  await using stack = new AsyncDisposableStack()
  onStep('starting nats-server')
  // Made anew at each start, as only this process uses them: none has to be kept.
  const keys = createBusKeys()
  const nats = stack.use(
    await startNatsServer({
      binary: options.natsServer,
      host: options.host,
      port: options.natsPort,
      storeDir: data.nats,
      accounts: { config: natsAccounts(keys), streamsOf: SERVICES_ACCOUNT },
    }),
  )
  onStep('opening the embedded Postgres')
  const postgres = stack.use(await openEmbedded(data.postgres))
  onStep('bringing its tables up to date')
  for (const migrations of MIGRATIONS) await migrate(postgres.database(), migrations)
  stack.use(startMaintenance(postgres))
  onStep('starting the services')
  const archive = openObjectStore(data.archive)
  const callerKey = randomBytes(32).toString('hex')
  const parts = { postgres, nats: { url: nats.url, keys }, logLevel: options.logLevel, archive, callerKey }
  if (options.newEra === true) await raiseEra(parts)
  const journal = stack.use(await startJournal(parts))
  stack.use(await startSealer(parts, data.seal))
  const projection = stack.use(await startProjection(parts, journal.url))
  const inbound = stack.use(await startInbound(parts, journal.url, sources))
  const cron = stack.use(await startCron(parts, journal.url))
  const upstreams = {
    journal: journal.url,
    projection: projection.url,
    inbound: inbound.url,
    cron: cron.url,
  }
  const gateway = stack.use(await startGateway(parts, options, upstreams))
  const opened = stack.move()
  return { httpUrl: gateway.url, natsUrl: nats.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
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

async function raiseEra({ postgres, nats, logLevel }: Parts): Promise<void> {
  const logger = createLogger({ service: 'journal', level: logLevel })
  await using bus = await openBus(nats, 'journal', logger)
  await beginEra({ database: postgres.database(), bus, logger })
}

async function startJournal({
  postgres,
  nats,
  logLevel,
  archive,
  callerKey,
}: Parts): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const logger = createLogger({ service: 'journal', level: logLevel })
  const bus = stack.use(await openBus(nats, 'journal', logger))
  // Before anybody looks for streams and consumers: it makes those of all.
  await bus.ensureTopology()
  const journal = stack.use(
    await openJournal({
      database: postgres.database(),
      appends: postgres.database(),
      bus,
      logger,
      metrics: createMetrics({ service: 'journal', processMetrics: false }),
      http: { host: LOOPBACK, port: 0 },
      callers: assertedCallers(callerKey),
      limits: APPEND_LIMITS,
      appendBudgetMs: APPEND_BUDGET_MS,
      archive: { store: archive },
    }),
  )
  const opened = stack.move()
  return { url: journal.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function startGateway(
  { postgres, nats, logLevel, callerKey }: Parts,
  { data, host, httpPort }: StackOptions,
  upstreams: GatewayParts['upstreams'],
): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const logger = createLogger({ service: 'gateway', level: logLevel })
  const bus = stack.use(await openBus(nats, 'gateway', logger))
  const gateway = stack.use(
    await openGateway({
      logger,
      metrics: createMetrics({ service: 'gateway' }),
      http: { host, port: httpPort },
      upstreams,
      database: postgres.database(),
      adminToken: data.token,
      callerKey,
      nats: { bus, issuerSeed: nats.keys.issuer.seed },
    }),
  )
  const opened = stack.move()
  return { url: gateway.http.url, [Symbol.asyncDispose]: () => opened.disposeAsync() }
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
