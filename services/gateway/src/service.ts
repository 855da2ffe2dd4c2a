import {
  aborted,
  createHealth,
  createLogger,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  serveHttp,
} from '@daybook/runtime'
import type { GatewayConfig } from './config.ts'
import { docsRoutes } from './docs.ts'
import { createDocuments } from './documents.ts'
import type { BodyKind } from './route-table.ts'
import { proxyRoutes } from './routes.ts'
import { checkUpstreams, openUpstream, type Upstream, type UpstreamName, upstreamNames } from './upstreams.ts'

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
  limits?: Partial<GatewayLimits>
}

export interface GatewayService extends AsyncDisposable {
  readonly http: HttpServer
}

/** Opens the public door. It serves also while services are away: each request says so for itself. */
export async function openGateway(parts: GatewayParts): Promise<GatewayService> {
  const { logger, metrics } = parts
  const { bodyBytesMax, upstreamTimeoutMs } = { ...LIMITS, ...parts.limits }
  await using stack = new AsyncDisposableStack()
  const upstreams = new Map<UpstreamName, Upstream>()
  for (const name of upstreamNames) upstreams.set(name, stack.use(openUpstream(name, parts.upstreams[name])))
  // Longer than the services take to ask their own parts, so that their reasons come through.
  const health = createHealth({ timeoutMs: 3_000 })
  checkUpstreams(health, upstreams.values())
  const http = stack.use(
    await serveHttp({
      ...parts.http,
      service: 'gateway',
      version: VERSION,
      logger,
      health,
      metrics,
      plugins: [
        proxyRoutes({ upstreams, bodyBytesMax, timeoutMs: upstreamTimeoutMs }),
        docsRoutes(createDocuments(upstreams.values()), VERSION),
      ],
    }),
  )
  const opened = stack.move()
  return { http, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Serves until the signal aborts. */
export async function runGateway(config: GatewayConfig, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL })
  await using gateway = await openGateway({
    logger,
    metrics: createMetrics({ service: 'gateway' }),
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    upstreams: { journal: config.JOURNAL_URL, projection: config.PROJECTION_URL },
    limits: {
      bodyBytesMax: { append: config.APPEND_BYTES_MAX, blob: config.BLOB_BYTES_MAX },
      upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
    },
  })
  logger.info({ url: gateway.http.url }, 'the gateway is open')
  await Promise.race([aborted(signal), gateway.http.failed])
}
