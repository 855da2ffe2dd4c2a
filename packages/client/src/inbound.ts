import type { Http } from './http.ts'
import { type InboundCommands, openInboundCommands } from './inbound-commands.ts'
import { deliverLoop, type SendReply } from './inbound-deliver.ts'
import { type HandleOptions, handleMessages, type MessageHandler } from './inbound-handle.ts'
import { type InboundOversight, openInboundOversight } from './inbound-oversight.ts'
import { type InboundReplies, openInboundReplies } from './inbound-replies.ts'
import type { InboundWorkerOptions } from './inbound-worker.ts'
import { poster } from './post.ts'
import { startWorker, type Worker } from './worker.ts'

/**
 * Messages that come in from chat platforms and webhooks, and the replies to them. Whoever holds a lease is refused with
 * `lease-lost` once it does not hold any more; what was done for it must then not be told again.
 */
export interface Inbound extends InboundCommands, InboundReplies, InboundOversight {
  /**
   * Works on the messages of a source: claims them, extends their leases while the handler works, and tells how it ended; with
   * `send` it delivers the replies, too. Goes on through everything but a refusal of its claims (`unauthenticated`, `forbidden`,
   * `invalid-request`), with which `done` then rejects. Stops with SIGTERM, SIGINT, or the signal.
   */
  handle(source: string, handler: MessageHandler, options?: HandleOptions): Worker
  /** Sends the replies of a source, one after the other in each conversation; without `handle` or beside it. */
  deliver(source: string, send: SendReply, options?: InboundWorkerOptions): Worker
}

/** `timeoutMs` bounds one request; a claim has it in addition to its wait. */
export function openInbound(http: Http, timeoutMs: number): Inbound {
  const post = poster(http, timeoutMs)
  const inbound: Inbound = {
    ...openInboundCommands(post),
    ...openInboundReplies(post),
    ...openInboundOversight(http, post, timeoutMs),
    handle: (source, handler, options = {}) => handleMessages(inbound, { source, handler }, options),
    deliver: (source, send, options = {}) =>
      startWorker([deliverLoop(inbound, { source, send }, options)], options),
  }
  return inbound
}
