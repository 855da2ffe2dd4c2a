import type { FastifyInstance } from 'fastify'
import type { Health } from '../health.ts'
import type { Metrics } from '../metrics.ts'

/** Paths that machines ask every few seconds: their requests are logged only at `debug`. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * What operators ask of a service. `/healthz`: the event loop turns, nothing more, so that a database that is away
 * does not get the process killed. `/readyz`: every check with its reason, 503 if one fails. `/metrics`: Prometheus.
 */
export function answerOperators(
  app: FastifyInstance,
  { health, metrics }: { health: Health; metrics: Metrics },
): void {
  const hidden = { schema: { hide: true }, config: { scope: 'public' } } as const
  app.get('/healthz', hidden, async () => ({ ok: true }))
  app.get('/readyz', hidden, async (_request, reply) => {
    const readiness = await health.readiness()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
