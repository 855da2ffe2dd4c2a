import type { Bus } from '@daybook/bus'
import { type Database, requireMigrated } from '@daybook/database'
import { journalReader, leaveArchived, noArchive, payloadArchive, watchHead } from '@daybook/eventing'
import { type AppendLimits, subjects } from '@daybook/events'
import {
  createHealth,
  type HeadersCheck,
  type Health,
  type HttpServer,
  type Logger,
  type Metrics,
  serveHttp,
  type Tracing,
} from '@daybook/runtime'
import { sql } from 'kysely'
import { whenGivenUp } from './advisories.ts'
import { bundleRoutes } from './bundle-routes.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { appendAgain, whenAppendRequested, whenAppendsQueued } from './handlers.ts'
import { keepTopology } from './keep-topology.ts'
import { journalMigrations } from './migrations.ts'
import type { NatsSafety } from './nats-safety.ts'
import { observeJournal } from './observe-journal.ts'
import { proofRoutes } from './proof-routes.ts'
import { type ArchiveOptions, openRetention } from './retention.ts'
import { journalRoutes } from './routes.ts'
import { openSchemas } from './schemas/open-schemas.ts'
import { startRelay } from './start-relay.ts'
import { keepDeadLetter } from './store/dead-letters.ts'
import type { JournalTables } from './store/tables.ts'
import { openWriter } from './writer.ts'

export { beginEra } from './era.ts'
export { openKeyFile } from './seal/key-file.ts'
export { openSealer } from './seal/sealer.ts'
export { journalMigrations }

/** Of the HTTP API. */
const VERSION = '1.0.0'

/** What the journal runs on. It closes none of it. */
export interface JournalParts {
  database: Database<JournalTables>
  /** The same database over connections for appends alone, see `appendSettings`. */
  appends: Database<JournalTables>
  bus: Bus
  logger: Logger
  metrics: Metrics
  http: { host: string; port: number }
  /** Who makes a request; over NATS, for whom a service of Daybook asks. */
  callers: HeadersCheck
  limits: AppendLimits
  appendBudgetMs: number
  /** Watches whether NATS keeps what it acknowledges. The embedded stack starts its own NATS and need not ask. */
  natsSafety?: NatsSafety
  /** Without it there are no traces. */
  tracing?: Tracing | undefined
  /** Without it nothing is archived, and what was archived cannot be read. */
  archive?: ArchiveOptions | undefined
}

export interface JournalService extends AsyncDisposable {
  readonly http: HttpServer
}

/** Reads top-down as start order. Disposing stops everything in reverse: doors first, then what they lead to. */
export async function openJournal(parts: JournalParts): Promise<JournalService> {
  const { database, bus, logger, metrics, limits, archive } = parts
  await requireMigrated(database, journalMigrations)
  await using stack = new AsyncDisposableStack()
  const health = openHealth(parts)
  observeJournal({ metrics, database, bus })
  const watcher = stack.use(watchHead({ readHead: () => journalReader(database.kysely).head(), bus, logger }))
  const writer = stack.use(await openWriter(parts, health))
  const { batcher, tap } = writer
  const schemas = stack.use(await openSchemas({ database, bus, version: VERSION }))
  const { types } = schemas
  const payloads = archive === undefined ? noArchive : payloadArchive(archive.store)
  stack.use(startRelay(parts, { ...writer, watcher, health, types, payloads }))
  const forgetHeld = () => tap.clear()
  const retention = stack.use(
    openRetention({ database, batcher, bus, logger, metrics, archive, payloads, forgetHeld }),
  )
  const keep = keepDeadLetter.bind(undefined, database)
  const handlers = { bus, batcher, logger, limits, types, keepDeadLetter: keep, callers: parts.callers }
  const plugins = [
    ...journalRoutes({ database, batcher, limits, types }),
    ...schemas.plugins,
    ...deadLetterRoutes({ database, appendQueued: appendAgain(handlers) }),
    ...retention.plugins,
    ...proofRoutes(database),
    bundleRoutes({ database, archive: archive === undefined ? leaveArchived : payloads }),
  ]
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      callers: parts.callers,
      service: 'journal',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins,
    }),
  )
  for (const subject of [subjects.rpc('*', 'journal', 'append'), subjects.appendByAnybody])
    stack.use(bus.respond(subject, 'journal', whenAppendRequested(handlers)))
  stack.use(bus.consume({ stream: 'DAYBOOK_QUEUE', durable: 'journal-queue' }, whenAppendsQueued(handlers)))
  stack.use(
    bus.consume({ stream: 'DAYBOOK_ADVISORIES', durable: 'journal-advisories' }, whenGivenUp(handlers)),
  )
  stack.use(keepTopology(bus, logger))
  const opened = stack.move()
  return { http, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function openHealth({ database, natsSafety }: JournalParts): Health {
  const health = createHealth()
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  if (natsSafety !== undefined) health.addCheck('natsSafety', () => natsSafety.state())
  return health
}
