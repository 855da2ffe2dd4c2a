import type { Bus } from '@daybook/bus'
import {
  type CheckResult,
  createHealth,
  type Health,
  type HttpPlugin,
  type HttpServer,
  serveHttp,
} from '@daybook/runtime'
import { sql } from 'kysely'
import { readinessOf } from './observe.ts'
import type { Projection } from './projection-spec.ts'
import type { ServiceParts } from './service.ts'

/** The doors of a service with read models. */
export interface ServedDoors {
  service: string
  /** Of the HTTP API. */
  version: string
  /** By name: whether they are fit to be read is a part of the service's health. */
  projections: readonly { name: string; projection: Projection<unknown> }[]
  plugins: readonly HttpPlugin[]
}

/** Opens the doors of a service: its routes, and those that every service has. */
export function serveReadModels(parts: ServiceParts, doors: ServedDoors): Promise<HttpServer> {
  const { logger, metrics, callers } = parts
  const { service, version, plugins } = doors
  const health = healthOf(parts, doors)
  return serveHttp({ ...parts.http, callers, service, version, logger, health, metrics, plugins })
}

function healthOf({ database, bus, compareMs, lagMax }: ServiceParts, { projections }: ServedDoors): Health {
  const health = createHealth()
  health.addCheck('database', async () => {
    await sql`select 1`.execute(database.kysely)
    return { ok: true }
  })
  for (const { name, projection } of projections) {
    health.addCheck(name, () => readinessOf(projection, lagMax))
  }
  health.addCheck('bus', () => busState(bus, compareMs))
  return health
}

/** The bus only makes the read models fresher: without it the service is slower to know, and does all it has to. */
function busState(bus: Bus, compareMs: number): CheckResult & { detail: string } {
  if (bus.connected) return { ok: true, detail: 'connected' }
  return { ok: true, detail: `NATS is away; the journal's tables are read every ${compareMs} ms instead` }
}
