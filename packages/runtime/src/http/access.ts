import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'
import { openStreamsOf } from './open-streams.ts'
import { PROBE_PATHS } from './operations.ts'

/** For requests that no route takes: their paths are of the caller's making and must not become labels. */
const NO_ROUTE = 'none'

/**
 * Logs and measures each request by its route's pattern. Paths, queries and bodies are not logged: they hold whatever
 * callers put there. Event streams are counted but not timed, since they last as long as somebody listens.
 */
export function recordRequests(app: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer; event streams are left out.',
    labels: ['method', 'route', 'status'],
  })
  const requests = metrics.counter({
    name: 'http_requests_total',
    help: 'Requests that were answered, event streams included.',
    labels: ['method', 'route', 'status'],
  })
  metrics.gauge({
    name: 'http_event_streams',
    help: 'Event streams that are open now.',
    collect: (gauge) => gauge.set(openStreamsOf(app).size),
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? NO_ROUTE
    const labels = { method: request.method, route, status: String(reply.statusCode) }
    const durationMs = Math.round(reply.elapsedTime * 1_000) / 1_000
    const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream')
    requests.inc(labels)
    if (!isStream) duration.observe(labels, reply.elapsedTime / 1_000)
    const fields = { method: request.method, route, status: reply.statusCode, durationMs }
    if (PROBE_PATHS.has(route)) request.log.debug(fields, 'request answered')
    else request.log.info(fields, 'request answered')
  })
}
