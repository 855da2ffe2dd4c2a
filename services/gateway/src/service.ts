import { type Database, requireMigrated } from '@daybook/database'
import { createHealth, type HttpServer, type Logger, type Metrics, serveHttp } from '@daybook/runtime'
import { sql } from 'kysely'
import { docsRoutes } from './docs.ts'
import { createDocuments } from './documents.ts'
import { gatewayMigrations } from './migrations.ts'
import { admitHolders, type NatsDoor } from './nats/admit.ts'
import type { BodyKind } from './route-table.ts'
import { proxyRoutes } from './routes.ts'
import { openTokens } from './tokens/authenticate.ts'
import { bearerCallers } from './tokens/callers.ts'
import { openTokenRecord } from './tokens/record.ts'
import { tokenRoutes } from './tokens/routes.ts'
import type { GatewayTables } from './tokens/store.ts'
import { checkUpstreams, openUpstream, type Upstream, type UpstreamName, upstreamNames } from './upstreams.ts'

export { gatewayMigrations }

/** Of the HTTP API. */
const VERSION = '1.0.0'

export interface GatewayLimits {
  /** Largest body by kind. The defaults are the journal's own limits: 4 MiB and 16 MiB. */
  bodyBytesMax: Readonly<Record<BodyKind, number>>
  /** For a service's answer to begin, once it has the whole request. Default 15,000. */
  upstreamTimeoutMs: number
}

const LIMITS: GatewayLimits = {
  bodyBytesMax: { append: 4 * 1_048_576, blob: 16 * 1_048_576 },
  upstreamTimeoutMs: 15_000,
}

/** What the gateway runs on. It closes none of it. */
export interface GatewayParts {
  logger: Logger
  metrics: Metrics
  http: { host: string; port: number }
  /** Base URLs of the services. */
  upstreams: Readonly<Record<UpstreamName, string>>
  /** Holds the tokens. */
  database: Database<GatewayTables>
  /** By which the first tokens are made: `dbk_admin_<secret>`. */
  adminToken: string
  /** What the services know the gateway by. */
  callerKey: string
  /** Without it no holder of a token gets into NATS. */
  nats?: NatsDoor | undefined
  limits?: Partial<GatewayLimits>
}

export interface GatewayService extends AsyncDisposable {
  readonly http: HttpServer
}

/** Opens the public door. It serves also while services are away: each request says so for itself. */
export async function openGateway(parts: GatewayParts): Promise<GatewayService> {
  const { logger, metrics, database, callerKey } = parts
  await requireMigrated(database, gatewayMigrations)
  const { bodyBytesMax, upstreamTimeoutMs } = { ...LIMITS, ...parts.limits }
  await using stack = new AsyncDisposableStack()
  const upstreams = new Map<UpstreamName, Upstream>()
  for (const name of upstreamNames) upstreams.set(name, stack.use(openUpstream(name, parts.upstreams[name])))
  // Longer than the services take to ask their own parts, so that their reasons come through.
  const health = createHealth({ timeoutMs: 3_000 })
  checkUpstreams(health, upstreams.values())
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  const tokens = openTokens(parts)
  if (parts.nats !== undefined) stack.use(admitHolders(parts.nats, { tokens, logger }))
  const record = openTokenRecord({ journalUrl: parts.upstreams.journal, callerKey })
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      service: 'gateway',
      version: VERSION,
      logger,
      health,
      metrics,
      callers: bearerCallers(tokens),
      plugins: [
        proxyRoutes({ upstreams, bodyBytesMax, timeoutMs: upstreamTimeoutMs, callerKey, tokens }),
        ...tokenRoutes({ database, record }),
        docsRoutes(createDocuments(upstreams.values()), VERSION),
      ],
    }),
  )
  const opened = stack.move()
  return { http, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
