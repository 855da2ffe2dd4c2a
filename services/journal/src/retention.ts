import type { Bus } from '@daybook/bus'
import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { archiveStoreOf, journalReader, type PayloadArchive, payloadArchive } from '@daybook/eventing'
import type { Erasure } from '@daybook/events'
import type { ObjectStore } from '@daybook/object-store'
import type { HttpPlugin, Logger, Metrics } from '@daybook/runtime'
import { createArchiver } from './archive/archiver.ts'
import { archiveRoutes } from './archive/routes.ts'
import { archiveAll, startArchiving } from './archive/schedule.ts'
import type { Batcher } from './batcher.ts'
import type { JournalConfig } from './config.ts'
import { createErase } from './erasure/erase.ts'
import { startEraser } from './erasure/eraser.ts'
import { holdRoutes } from './erasure/hold-routes.ts'
import { createHolds } from './erasure/holds.ts'
import { erasureRoutes } from './erasure/routes.ts'
import { findArchivesOf } from './store/archives.ts'
import type { JournalTables } from './store/tables.ts'

/** Where runs that ended are archived, and after how many days; without a number only when somebody asks for it. */
export interface ArchiveOptions {
  store: ObjectStore
  afterDays?: number | undefined
}

/** What the settings say of the archive; undefined when they name no place for it. Errors: `invalid-usage`. */
export function archiveOptionsOf(config: JournalConfig): ArchiveOptions | undefined {
  const store = archiveStoreOf(config)
  return store && { store, afterDays: config.ARCHIVE_AFTER_DAYS }
}

/** What keeping and not keeping takes. */
export interface RetentionParts {
  database: Database<JournalTables>
  batcher: Batcher
  bus: Bus
  logger: Logger
  metrics: Metrics
  archive: ArchiveOptions | undefined
  /** What reads it. */
  payloads: PayloadArchive
  /** Drops the payloads that this process still holds in memory. */
  forgetHeld: () => void
}

export interface Retention extends AsyncDisposable {
  readonly plugins: HttpPlugin[]
}

/** Archives all that is old enough; answers how many runs. Errors: `invalid-usage`, `unavailable`. */
export async function archiveOnce(
  parts: Pick<RetentionParts, 'database' | 'batcher' | 'logger'>,
  archive: ArchiveOptions | undefined,
  signal: AbortSignal,
): Promise<number> {
  if (archive?.afterDays === undefined)
    throw new DaybookError('invalid-usage', 'Set ARCHIVE_TO and ARCHIVE_AFTER_DAYS.')
  const { store, afterDays } = archive
  const archiver = createArchiver({ ...parts, store, archive: payloadArchive(store) })
  return archiveAll(archiver, { afterDays, isStopped: () => signal.aborted })
}

/** Whoever is not told where the archive is cannot say that an erasure is done there. */
async function isNowhere(
  database: Database<JournalTables>,
  tenant: string,
  { events }: Erasure,
): Promise<boolean> {
  const streams = [...new Set(events.map(({ stream }) => stream))]
  return (await findArchivesOf(database, tenant, streams)).length === 0
}

/** Erasure, holds and the archive, in start order. */
export function openRetention(parts: RetentionParts): Retention {
  const { database, batcher, bus, logger, metrics, archive, payloads, forgetHeld } = parts
  const reader = journalReader(database.kysely, payloads)
  const open = metrics.gauge({
    name: 'erasures_open',
    help: 'Records of erasures that are not carried out everywhere yet; 10 stands for more.',
  })
  const stack = new AsyncDisposableStack()
  const holds = createHolds(reader, batcher)
  const archiver =
    archive && createArchiver({ database, batcher, store: archive.store, archive: payloads, logger })
  const erase = createErase({ database, batcher, holds })
  const eraser = stack.use(
    startEraser({
      database,
      reader,
      bus,
      logger,
      forgetHeld,
      rewriteBundles: (tenant, erasure) =>
        archiver === undefined ? isNowhere(database, tenant, erasure) : archiver.forget(tenant, erasure),
      onOpen: (records) => open.set(records),
    }),
  )
  const afterDays = archive?.afterDays
  if (archiver !== undefined && afterDays !== undefined)
    stack.use(startArchiving(archiver, afterDays, logger))
  return {
    plugins: [
      erasureRoutes({ database, erase, eraser }),
      ...holdRoutes(holds),
      ...archiveRoutes({ database, archiver, afterDays }),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
