import {
  createHealth,
  createLogger,
  createMetrics,
  type Health,
  type HttpPlugin,
  type HttpServer,
  serveHttp,
} from '@daybook/runtime'
import { type GatewayLimits, openGateway } from '../src/service.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

/** Nobody listens there: it is reserved, and connections are refused at once. */
const NOWHERE = 'http://127.0.0.1:1'

function logging(service: string) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, logger: createLogger({ service, destination, level: 'debug' }) }
}

export interface Service extends AsyncDisposable {
  http: HttpServer
  url: string
  health: Health
  lines: string[]
}

/** A small real service, built as every service is. */
export async function startService(service: string, ...plugins: HttpPlugin[]): Promise<Service> {
  const { lines, logger } = logging(service)
  const health = createHealth()
  const metrics = createMetrics({ service, processMetrics: false })
  const http = await serveHttp({ ...LOOPBACK, service, version: '1.0.0', logger, health, metrics, plugins })
  return { http, url: http.url, health, lines, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() }
}

export async function startGateway(
  upstreams: { journal?: string; projection?: string },
  limits: Partial<GatewayLimits> = {},
) {
  const { lines, logger } = logging('gateway')
  const gateway = await openGateway({
    logger,
    metrics: createMetrics({ service: 'gateway', processMetrics: false }),
    http: LOOPBACK,
    upstreams: { journal: NOWHERE, projection: NOWHERE, ...upstreams },
    limits,
  })
  return { url: gateway.http.url, lines, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

/** The fields that the documentation of every operation must have. */
export function documented(operationId: string) {
  return { operationId, summary: operationId, tags: ['test'] }
}

/** Settles when a condition holds; the test's own time-out is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The JSON of an answer, as the type that the test expects. */
export async function json<T = Record<string, unknown>>(response: Response): Promise<T> {
  return JSON.parse(await response.text())
}
