import type { FastifyInstance } from 'fastify'
import { openStreamsOf } from './open-streams.ts'

/**
 * Makes `app.close()` finish soon without cutting anybody off: event streams are ended, running requests are answered,
 * and each connection is closed once it has nothing to do. Without this, a kept-alive connection that was busy when
 * the closing began would stay until its client lets go.
 */
export function finishPolitely(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    openStreamsOf(app).endAll()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async () => {
    // The connection becomes idle only after this hook.
    if (closing) setImmediate(() => app.server.closeIdleConnections())
  })
}
