import { type Bus, connectBus, inboxOfService } from '@daybook/bus'
import { type Database, migrate, openDatabase, requireMigrated } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { isTenant } from '@daybook/events'
import { aborted, callerKeyOf, createLogger, createMetrics, type Logger } from '@daybook/runtime'
import { adminTokenOf, type GatewayConfig } from './config.ts'
import { gatewayMigrations } from './migrations.ts'
import type { NatsDoor } from './nats/admit.ts'
import { openGateway } from './service.ts'
import { issueToken } from './tokens/issue.ts'
import { openTokenRecord } from './tokens/record.ts'
import type { GatewayTables } from './tokens/store.ts'

/** Serves until the signal aborts. */
export async function runGateway(config: GatewayConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL })
  const adminToken = adminTokenOf(config)
  const callerKey = callerKeyOf(config)
  await using database = openGatewayDatabase(config, logger)
  await using bus = await openNats(config, logger)
  await using gateway = await openGateway({
    logger,
    metrics: createMetrics({ service: 'gateway' }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    upstreams: {
      journal: config.JOURNAL_URL,
      projection: config.PROJECTION_URL,
      inbound: config.INBOUND_URL,
      cron: config.CRON_URL,
    },
    database,
    adminToken,
    callerKey,
    nats: natsDoorOf(config, bus),
    limits: {
      bodyBytesMax: { append: config.APPEND_BYTES_MAX, blob: config.BLOB_BYTES_MAX },
      upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
    },
  })
  logger.info({ url: gateway.http.url }, 'the gateway is open')
  await Promise.race([aborted(signal), gateway.http.failed])
}

/** What lets holders of tokens into NATS; without its two seeds nobody gets in so. Code: `invalid-usage` for one alone. */
async function openNats(config: GatewayConfig, logger: Logger): Promise<Bus | undefined> {
  const { NATS_NKEY_SEED: nkeySeed, NATS_ISSUER_SEED: issuerSeed } = config
  if (nkeySeed !== undefined && issuerSeed !== undefined) {
    const inboxPrefix = inboxOfService('gateway')
    return connectBus({ servers: config.NATS_URL, name: 'gateway', nkeySeed, inboxPrefix }, logger)
  }
  if (nkeySeed === undefined && issuerSeed === undefined) {
    logger.warn({}, 'without NATS_NKEY_SEED and NATS_ISSUER_SEED no token opens NATS')
    return undefined
  }
  const message =
    'Set both NATS_NKEY_SEED and NATS_ISSUER_SEED (or …_FILE), or neither: then no token opens NATS.'
  throw new DaybookError('invalid-usage', message)
}

function natsDoorOf(config: GatewayConfig, bus: Bus | undefined): NatsDoor | undefined {
  const { NATS_ISSUER_SEED: issuerSeed, NATS_LIFE_SECONDS_MAX: lifeSecondsMax } = config
  if (bus === undefined || issuerSeed === undefined) return undefined
  return { bus, issuerSeed, lifeMsMax: lifeSecondsMax * 1_000 }
}

/** Brings the gateway's tables up to date; run it as the tables' owner. */
export async function migrateGateway(config: GatewayConfig): Promise<void> {
  const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL })
  await using database = openGatewayDatabase(config, logger)
  const applied = await migrate(database, gatewayMigrations)
  logger.info({ applied }, 'the tables of the gateway are up to date')
}

/** Long enough to make the others by it. */
const FIRST_TOKEN_TTL_S = 30 * 86_400

/**
 * For whoever runs Daybook: the first token of a tenant, with all scopes; no token over HTTP makes one of another
 * tenant. Answers its text. Code: `invalid-usage` for what is no name of a tenant.
 */
export async function createFirstToken(config: GatewayConfig, tenant: string): Promise<string> {
  if (!isTenant(tenant)) throw new DaybookError('invalid-usage', `"${tenant}" is not the name of a tenant.`)
  const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL })
  await using database = openGatewayDatabase(config, logger)
  await requireMigrated(database, gatewayMigrations)
  const record = openTokenRecord({ journalUrl: config.JOURNAL_URL, callerKey: callerKeyOf(config) })
  const operator = { tenant, actor: { kind: 'service', id: 'gateway' }, scopes: ['admin'] } as const
  const actor = { kind: 'user', id: 'admin' } as const
  const wish = { name: 'admin', actor, scopes: ['admin'], ttlSeconds: FIRST_TOKEN_TTL_S } as const
  return (await issueToken({ database, record }, operator, wish)).token
}

function openGatewayDatabase(config: GatewayConfig, logger: Logger): Database<GatewayTables> {
  return openDatabase<GatewayTables>({
    url: config.DATABASE_URL,
    applicationName: 'daybook-gateway',
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
}
