import type { FastifyInstance, FastifyReply } from 'fastify'

/** Why a stream's signal was aborted: the server closes, and its client should be told so. */
export const SERVER_CLOSES = Symbol('server closes')

const CLIENT_LEFT = Symbol('client left')
const OPEN_STREAMS = Symbol('open streams')

/** The event streams of one server, so that its closing can end them. */
export class OpenStreams {
  readonly #controllers = new Set<AbortController>()

  /** Streams that are open now. */
  get size(): number {
    return this.#controllers.size
  }

  add(controller: AbortController): void {
    this.#controllers.add(controller)
  }

  delete(controller: AbortController): void {
    this.#controllers.delete(controller)
  }

  /** Ends all of them with a `close` event. */
  endAll(): void {
    for (const controller of this.#controllers) controller.abort(SERVER_CLOSES)
  }
}

/** Gives a server its set of streams; plugins find it by `openStreamsOf`. */
export function keepOpenStreams(app: FastifyInstance): void {
  app.decorate(OPEN_STREAMS, new OpenStreams())
}

export function openStreamsOf(app: FastifyInstance): OpenStreams {
  return app.getDecorator(OPEN_STREAMS)
}

/**
 * For an answer that lasts until somebody ends it: counts it as open, and gives the signal that is aborted when its
 * client goes or the server closes. Ordinary answers need no such signal, a closing server waits for them.
 */
export function streamSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const openStreams = openStreamsOf(reply.server)
  openStreams.add(controller)
  // 'close' comes for every end of the answer, also when the client was gone before the first byte.
  reply.raw.once('close', () => {
    openStreams.delete(controller)
    controller.abort(CLIENT_LEFT)
  })
  return controller.signal
}
