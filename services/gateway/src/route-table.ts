import type { UpstreamName } from './upstreams.ts'

/** Which limit of the configuration holds for a route's body. */
export type BodyKind = 'append' | 'blob'

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Takes this path and all below it. A more exact row, which may have parameters, comes before the one around it. */
  prefix: string
  upstream: UpstreamName
  /** Requests without one have no body. */
  body?: BodyKind
  /**
   * Asks for no token, on purpose: whoever answers has another way to know who sent it. The service is told nothing about
   * the caller, and says itself whom it does not believe.
   */
  isPublic?: true
  /** Services that answer this path as well: their lists are joined to that of `upstream`; see `joinLists`. */
  joinedWith?: readonly UpstreamName[]
}

/** What there is, and who answers it. A path that is not here does not exist for callers. */
export const routeTable: readonly Route[] = [
  { method: 'POST', prefix: '/v1/events', upstream: 'journal', body: 'append' },
  { method: 'GET', prefix: '/v1/events/:id/proof', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/streams/:kind/:id/bundle', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/runs/:id/verify', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/checkpoint', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/consistency', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/events', upstream: 'projection' },
  { method: 'GET', prefix: '/v1/streams', upstream: 'projection' },
  { method: 'GET', prefix: '/v1/runs', upstream: 'projection' },
  { method: 'POST', prefix: '/v1/runs', upstream: 'projection', body: 'append' },
  { method: 'GET', prefix: '/v1/effects', upstream: 'projection' },
  { method: 'POST', prefix: '/v1/effects', upstream: 'projection', body: 'append' },
  { method: 'GET', prefix: '/v1/sessions', upstream: 'projection' },
  { method: 'POST', prefix: '/v1/sessions', upstream: 'projection', body: 'append' },
  { method: 'GET', prefix: '/v1/approvals', upstream: 'projection' },
  { method: 'POST', prefix: '/v1/approvals', upstream: 'projection', body: 'append' },
  { method: 'POST', prefix: '/v1/blobs', upstream: 'journal', body: 'blob' },
  { method: 'GET', prefix: '/v1/blobs', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/dead-letters', upstream: 'journal' },
  { method: 'POST', prefix: '/v1/schemas', upstream: 'journal', body: 'append' },
  { method: 'GET', prefix: '/v1/schemas', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/asyncapi.json', upstream: 'journal' },
  { method: 'POST', prefix: '/v1/dead-letters', upstream: 'journal', body: 'append' },
  { method: 'POST', prefix: '/v1/erasures', upstream: 'journal', body: 'append' },
  { method: 'GET', prefix: '/v1/erasures', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/holds', upstream: 'journal' },
  { method: 'PUT', prefix: '/v1/holds', upstream: 'journal', body: 'append' },
  { method: 'DELETE', prefix: '/v1/holds', upstream: 'journal' },
  { method: 'POST', prefix: '/v1/archives', upstream: 'journal', body: 'append' },
  { method: 'GET', prefix: '/v1/archives', upstream: 'journal' },
  { method: 'GET', prefix: '/v1/inbound', upstream: 'inbound' },
  { method: 'POST', prefix: '/v1/inbound', upstream: 'inbound', body: 'append' },
  // Platforms have no token of ours: the inbound service checks their signatures.
  { method: 'POST', prefix: '/v1/hooks', upstream: 'inbound', body: 'append', isPublic: true },
  { method: 'GET', prefix: '/v1/cron', upstream: 'cron' },
  { method: 'POST', prefix: '/v1/cron', upstream: 'cron', body: 'append' },
  { method: 'PATCH', prefix: '/v1/cron', upstream: 'cron', body: 'append' },
  { method: 'DELETE', prefix: '/v1/cron', upstream: 'cron' },
  { method: 'POST', prefix: '/v1/projections/inbound', upstream: 'inbound', body: 'append' },
  { method: 'DELETE', prefix: '/v1/projections/inbound', upstream: 'inbound' },
  { method: 'POST', prefix: '/v1/projections/cron', upstream: 'cron', body: 'append' },
  { method: 'DELETE', prefix: '/v1/projections/cron', upstream: 'cron' },
  { method: 'GET', prefix: '/v1/projections', upstream: 'projection', joinedWith: ['inbound', 'cron'] },
  { method: 'POST', prefix: '/v1/projections', upstream: 'projection', body: 'append' },
  { method: 'DELETE', prefix: '/v1/projections', upstream: 'projection' },
]

/** The route that takes a path, in Fastify's or OpenAPI's notation. */
export function findRoute(method: string, openApiPath: string): Route | undefined {
  const path = openApiPath.replaceAll(/\{(\w+)\}/g, ':$1')
  return routeTable.find(
    (route) =>
      route.method === method.toUpperCase() && (path === route.prefix || path.startsWith(`${route.prefix}/`)),
  )
}
