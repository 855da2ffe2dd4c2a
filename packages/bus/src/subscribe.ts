import type { Msg, NatsConnection, Subscription as NatsSubscription } from '@nats-io/transport-node'
import type { Connection } from './connection.ts'
import { invalidSubject } from './failure.ts'
import type { BusLogger } from './logger.ts'
import { type IncomingMessage, ReceivedMessage } from './message.ts'

/** Dispose it to stop; that waits for what is being handled. */
export type Subscription = AsyncDisposable

/** Hears what is published while it listens; there is no answer and no second delivery. */
export type Listener = (message: IncomingMessage) => void | Promise<void>

/** What every part of the bus works with. */
export interface BusParts {
  readonly connection: Connection
  readonly logger: BusLogger
}

export interface SubscriptionSpec {
  readonly subject: string
  readonly queue?: string
  /** Must not throw: the client would stop reading its socket. */
  readonly onMessage: (message: Msg) => void
}

/** A refused subscription is tried again at this pace: permissions can be given while the server runs. */
const REFUSED_RETRY_MS = 5_000

/** A subscription that outlives everything but its disposal: attached when the connection comes, kept over reconnects. */
export class KeptSubscription implements AsyncDisposable {
  readonly #parts: BusParts
  readonly #spec: SubscriptionSpec
  readonly #unwatch: () => void
  #current: NatsSubscription | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  /** Errors: `invalid-request` for a subject that is none. */
  constructor(parts: BusParts, spec: SubscriptionSpec) {
    if (spec.subject === '' || /\s/.test(spec.subject)) throw invalidSubject()
    this.#parts = parts
    this.#spec = spec
    this.#unwatch = parts.connection.watch({ up: (nats) => this.#attach(nats) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#unwatch()
    clearTimeout(this.#retry)
    const current = this.#current
    this.#current = undefined
    if (current === undefined || current.isClosed()) return
    // Draining asks the server for an answer, so it needs one. Messages on their way still arrive.
    if (this.#parts.connection.connected) await current.drain().catch(() => {})
    else current.unsubscribe()
  }

  #attach(nats: NatsConnection): void {
    if (this.#closed || this.#current !== undefined) return
    const { subject, queue, onMessage } = this.#spec
    this.#current = nats.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => (error === null ? onMessage(message) : this.#refused(error)),
    })
  }

  /** The server lets us not subscribe; the client has forgotten the subscription. */
  #refused(error: Error): void {
    const { logger, connection } = this.#parts
    logger.error({ subject: this.#spec.subject, reason: error.message }, 'subscription refused')
    this.#current = undefined
    if (this.#closed) return
    this.#retry = setTimeout(() => {
      if (connection.connected) this.#attach(connection.use())
    }, REFUSED_RETRY_MS)
    this.#retry.unref()
  }
}

/** Counts what is being handled, so that stopping can wait for it. */
export class Running {
  #count = 0
  #idle: (() => void) | undefined

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) this.#idle?.()
  }

  async idle(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }
}

/** Listens to a subject. What the listener throws is logged; nobody waits for it. */
export function listen(parts: BusParts, subject: string, listener: Listener): Subscription {
  const running = new Running()
  const hear = async (message: Msg): Promise<void> => {
    running.begin()
    try {
      await listener(new ReceivedMessage(message))
    } catch (error) {
      parts.logger.error({ subject: message.subject, err: error }, 'listener failed')
    } finally {
      running.end()
    }
  }
  const subscription = new KeptSubscription(parts, { subject, onMessage: (message) => void hear(message) })
  return untilIdle(subscription, running)
}

/** Stops the messages first and then waits for those being handled. */
export function untilIdle(subscription: AsyncDisposable, running: Running): Subscription {
  return {
    async [Symbol.asyncDispose]() {
      await subscription[Symbol.asyncDispose]()
      await running.idle()
    },
  }
}
