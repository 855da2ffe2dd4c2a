import { type Database, migrate, openDatabase, openEmbedded } from '@daybook/database'
import {
  assertedCallers,
  createHealth,
  createLogger,
  createMetrics,
  type Health,
  type HttpPlugin,
  type HttpServer,
  makePublic,
  serveHttp,
} from '@daybook/runtime'
import { afterAll } from 'vitest'
import { createMigratedDatabase } from '../../../packages/database/test/migrated-database.ts'
import { type GatewayLimits, type GatewayParts, gatewayMigrations, openGateway } from '../src/service.ts'
import type { GatewayTables } from '../src/tokens/store.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

/** Nobody listens there: it is reserved, and connections are refused at once. */
const NOWHERE = 'http://127.0.0.1:1'

function logging(service: string) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, logger: createLogger({ service, destination, level: 'debug' }) }
}

/** What the gateways of tests and their services share. */
export const CALLER_KEY = 'the-caller-key-of-all-gateway-tests'
/** Opens everything at the gateways of tests. */
export const ADMIN_TOKEN = `dbk_admin_${'0123456789'.repeat(5)}`
export const asAdmin = { authorization: `Bearer ${ADMIN_TOKEN}` }

/** The usual `fetch`, in the name of the admin unless the request says otherwise. */
export function fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (!headers.has('authorization')) headers.set('authorization', asAdmin.authorization)
  return globalThis.fetch(url, { ...init, headers })
}

let opened: Promise<Database<GatewayTables>> | undefined
const atTheEnd = new AsyncDisposableStack()
afterAll(() => atTheEnd.disposeAsync())

/** One database with the gateway's tables for all tests of a file. */
export function sharedDatabase(): Promise<Database<GatewayTables>> {
  opened ??= openMigrated()
  return opened
}

async function openMigrated(): Promise<Database<GatewayTables>> {
  const { url } = atTheEnd.use(await createMigratedDatabase(gatewayMigrations))
  const database =
    url === undefined
      ? atTheEnd.use(await openEmbedded('memory://')).database<GatewayTables>()
      : atTheEnd.use(openDatabase<GatewayTables>({ url, applicationName: 'test', poolMax: 4 }))
  await migrate(database, gatewayMigrations)
  return database
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
  const http = await serveHttp({
    ...LOOPBACK,
    service,
    version: '1.0.0',
    logger,
    health,
    metrics,
    callers: assertedCallers(CALLER_KEY),
    plugins: plugins.map(forAnybody),
  })
  return { http, url: http.url, health, lines, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() }
}

/** Routes of a test ask nothing of their callers, unless they say so. */
function forAnybody(plugin: HttpPlugin): HttpPlugin {
  return async (app) => {
    makePublic(app)
    await app.register(plugin)
  }
}

export async function startGateway(
  upstreams: Partial<GatewayParts['upstreams']>,
  limits: Partial<GatewayLimits> = {},
) {
  const { lines, logger } = logging('gateway')
  const gateway = await openGateway({
    logger,
    metrics: createMetrics({ service: 'gateway', processMetrics: false }),
    http: LOOPBACK,
    upstreams: { journal: NOWHERE, projection: NOWHERE, inbound: NOWHERE, cron: NOWHERE, ...upstreams },
    database: await sharedDatabase(),
    adminToken: ADMIN_TOKEN,
    callerKey: CALLER_KEY,
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
