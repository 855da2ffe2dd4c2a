import { openDatabase, requireMigrated } from '@daybook/database'
import { parseSignerKey, type SignerKey } from '@daybook/events'
import { openObjectStore } from '@daybook/object-store'
import { aborted, createHealth, createLogger, createMetrics, noCallers, serveHttp } from '@daybook/runtime'
import { journalMigrations } from '../migrations.ts'
import type { JournalTables } from '../store/tables.ts'
import type { Anchor } from './anchors/anchor.ts'
import { startAnchoring } from './anchors/anchoring.ts'
import { fileAnchor } from './anchors/file.ts'
import { httpAnchor } from './anchors/http.ts'
import { storeAnchor } from './anchors/store.ts'
import type { SealerConfig } from './config.ts'
import { openKeyFile, requireName } from './key-file.ts'
import { observeSealing } from './observe.ts'
import { openSealer } from './sealer.ts'

/** Of its health and metrics; it has no API. */
const VERSION = '1.0.0'
/** One for sealing, one for anchors, one for whoever asks for metrics. */
const POOL_MAX = 3

/**
 * Runs the sealer until the signal aborts. A process of its own, with a database role of its own: no other one of
 * Daybook's reads the key, and this one can change nothing that it seals.
 */
export async function runSealer(config: SealerConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'sealer', level: config.LOG_LEVEL })
  const signer = await signerOf(config)
  await using database = openDatabase<JournalTables>({
    url: config.DATABASE_URL,
    applicationName: 'daybook-sealer',
    poolMax: POOL_MAX,
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  await requireMigrated(database, journalMigrations)
  const anchors = anchorsOf(config)
  const metrics = createMetrics({ service: 'sealer' })
  observeSealing(
    metrics,
    database,
    anchors.map(({ name }) => name),
  )
  await using stack = new AsyncDisposableStack()
  const sealer = stack.use(
    openSealer({
      database,
      signer,
      origin: config.ORIGIN,
      intervalMs: config.SEAL_INTERVAL_MS,
      events: config.SEAL_EVENTS,
      logger,
    }),
  )
  for (const anchor of anchors)
    stack.use(startAnchoring({ database, anchor, intervalMs: config.ANCHOR_INTERVAL_MS, logger }))
  const health = createHealth()
  health.addCheck('sealer', () => sealer.state())
  const http = stack.use(
    await serveHttp({
      host: config.HTTP_HOST,
      port: config.HTTP_PORT,
      callers: noCallers,
      service: 'sealer',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins: [],
    }),
  )
  logger.info({ key: signer.verifier.text }, 'the sealer is at work; this is the key to verify with')
  await Promise.race([aborted(signal), http.failed])
}

async function signerOf({ SEAL_KEY, SEAL_FOLDER, ORIGIN }: SealerConfig): Promise<SignerKey> {
  if (SEAL_KEY === undefined) return openKeyFile(SEAL_FOLDER ?? '', ORIGIN)
  const signer = parseSignerKey(SEAL_KEY)
  requireName(signer, ORIGIN)
  return signer
}

function anchorsOf(config: SealerConfig): Anchor[] {
  const { ANCHOR_FILE, ANCHOR_URL, ANCHOR_AUTHORIZATION, ANCHOR_S3 } = config
  const anchors: Anchor[] = []
  if (ANCHOR_FILE !== undefined) anchors.push(fileAnchor(ANCHOR_FILE))
  if (ANCHOR_URL !== undefined) anchors.push(httpAnchor(ANCHOR_URL, ANCHOR_AUTHORIZATION))
  if (ANCHOR_S3 !== undefined) {
    const store = openObjectStore(ANCHOR_S3, {
      endpoint: config.ANCHOR_S3_ENDPOINT,
      region: config.ANCHOR_S3_REGION,
      accessKeyId: config.ANCHOR_S3_ACCESS_KEY_ID,
      secretAccessKey: config.ANCHOR_S3_SECRET_ACCESS_KEY,
    })
    anchors.push(storeAnchor(store, config.ANCHOR_S3_LOCK_DAYS))
  }
  return anchors
}
