import type { UpstreamName } from './upstreams.ts'

/** Which limit of the configuration holds for a route's body. */
export type BodyKind = 'append' | 'blob'

export interface Route {
  method: 'GET' | 'POST'
  /** Takes this path and all below it. */
  prefix: string
  upstream: UpstreamName
  /** Requests without one have no body. */
  body?: BodyKind
}

/** What is public, and who answers it. A path that is not here does not exist for callers. */
export const routeTable: readonly Route[] = [
  { method: 'POST', prefix: '/v1/events', upstream: 'journal', body: 'append' },
  { method: 'GET', prefix: '/v1/events', upstream: 'projection' },
  { method: 'GET', prefix: '/v1/streams', upstream: 'projection' },
  { method: 'GET', prefix: '/v1/runs', upstream: 'projection' },
  { method: 'POST', prefix: '/v1/blobs', upstream: 'journal', body: 'blob' },
  { method: 'GET', prefix: '/v1/blobs', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/dead-letters', upstream: 'journal' },
]

/** The route that takes a path, in Fastify's or OpenAPI's notation. */
export function findRoute(method: string, path: string): Route | undefined {
  return routeTable.find(
    (route) =>
      route.method === method.toUpperCase() && (path === route.prefix || path.startsWith(`${route.prefix}/`)),
  )
}
