import { setImmediate } from 'node:timers/promises'
import type { Msg } from '@nats-io/transport-node'
import { type Backoff, backoffMs, pause } from './backoff.ts'
import { PulledDelivery } from './delivery.ts'
import { isWorthALine, silentLogger } from './logger.ts'
import { type BusParts, KeptSubscription } from './subscribe.ts'

export interface PullSpec {
  readonly stream: string
  readonly durable: string
  /** Messages in one batch. */
  readonly batchMax: number
  /** Bytes asked for at once. */
  readonly bytesMax: number
  /** Makes the stream and the consumer again when they are missing. */
  readonly ensure: () => Promise<void>
}

/** One request lasts this long; the next one costs a message. */
const EXPIRES_MS = 30_000

/** While a request is open the server says at least this often that it is there. */
const HEARTBEAT_MS = 2_000
const HEARTBEATS_MISSED_MAX = 3

/** What is missing is made again at once; a server that cannot do it is not pressed. */
const REPAIR: Backoff = { firstMs: 100, maxMs: 5_000 }

const NANOS_PER_MS = 1_000_000
const HEARTBEAT_STATUS = 100
const EXPIRED_STATUS = 408
const CONFLICT_STATUS = 409

/**
 * The messages of one durable consumer, in order, as many as are there.
 *
 * The client's own `consume` hands over single messages and goes on asking while they wait. This asks the server for a
 * batch at a time (ADR-13):
 *
 * P1. One request is open at a time, for one batch, and the next is sent only while less than a batch waits here. So
 *     less than two batches wait in memory, besides the one that is being handled.
 * P2. An open request that is silent for three heartbeats is given up, and another is sent.
 * P3. Streams and consumers are made sure of after each connection, since a restarted server may have lost its store,
 *     and whenever the server ends a request for another reason than its age.
 */
export class Pull implements AsyncDisposable {
  readonly #parts: BusParts
  readonly #spec: PullSpec
  readonly #inbox: string
  readonly #request: string
  readonly #subscription: AsyncDisposable
  readonly #unwatch: () => void
  readonly #pulse: NodeJS.Timeout
  readonly #stopping = new AbortController()
  #waiting: PulledDelivery[] = []
  #waitingBytes = 0
  /** Messages that the open request may still bring; 0 = none is open. */
  #open = 0
  /** Tells the open request from earlier ones, whose last words may still arrive. */
  #serial = 0
  #served = false
  #heardAtMs = 0
  #repairing = false
  #failures = 0
  #wake: (() => void) | undefined

  constructor(parts: BusParts, spec: PullSpec) {
    this.#parts = parts
    this.#spec = spec
    this.#inbox = `${parts.connection.createInbox()}.`
    this.#request = JSON.stringify({
      batch: spec.batchMax,
      max_bytes: spec.bytesMax,
      expires: EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    })
    this.#subscription = new KeptSubscription(parts, {
      subject: `${this.#inbox}*`,
      onMessage: (message) => this.#receive(message),
    })
    this.#unwatch = parts.connection.watch({
      up: () => void this.#repair(), // P3
      down: () => this.#giveUp(),
    })
    this.#pulse = setInterval(() => this.#checkPulse(), HEARTBEAT_MS)
    this.#pulse.unref()
  }

  /** Waits for messages and takes all that are there, a batch at most; undefined once stopped. */
  async next(): Promise<PulledDelivery[] | undefined> {
    while (!this.#stopping.signal.aborted) {
      if (this.#waiting.length === 0) await this.#arrival()
      // One turn of the event loop: what has reached the socket meanwhile belongs to the same batch.
      await setImmediate()
      if (this.#waiting.length > 0) return this.#takeBatch()
    }
    return undefined
  }

  /** Aborted when it is stopped. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Takes no more messages; those not taken go back to the server at once, for another instance. */
  stop(): void {
    this.#stopping.abort()
    clearInterval(this.#pulse)
    this.#unwatch()
    this.#waitingBytes = 0
    for (const delivery of this.#waiting.splice(0)) delivery.nak()
    this.#wake?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.#subscription[Symbol.asyncDispose]()
  }

  #receive(message: Msg): void {
    this.#heardAtMs = performance.now()
    if (message.subject.startsWith(this.#inbox)) return this.#heed(message)
    this.#served = true
    this.#failures = 0
    if (this.#open > 0) this.#open -= 1
    const delivery = new PulledDelivery(message)
    if (this.#stopping.signal.aborted) return delivery.nak()
    this.#waiting.push(delivery)
    this.#waitingBytes += delivery.data.length
    this.#wake?.()
    this.#ask()
  }

  /** What the server says about a request itself. */
  #heed(message: Msg): void {
    if (message.subject !== this.#inbox + String(this.#serial)) return
    const code = message.headers?.code ?? 0
    if (code === HEARTBEAT_STATUS) {
      this.#failures = 0
      return
    }
    this.#giveUp()
    // A conflict after messages is mostly a full request (`bytesMax`); if it was more, the next request says so.
    if (code === EXPIRED_STATUS || (code === CONFLICT_STATUS && this.#served)) return this.#ask()
    void this.#repair(`${code} ${message.headers?.description ?? ''}`) // P3
  }

  #ask(): void {
    const { batchMax, bytesMax, stream, durable } = this.#spec
    const { connection, logger } = this.#parts
    if (this.#open > 0 || this.#repairing || !connection.connected) return
    if (this.#stopping.signal.aborted) return
    if (this.#waiting.length >= batchMax || this.#waitingBytes >= bytesMax) return // P1
    this.#open = batchMax
    this.#served = false
    this.#serial += 1
    this.#heardAtMs = performance.now()
    const reply = this.#inbox + String(this.#serial)
    try {
      connection.use().publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, this.#request, { reply })
    } catch (err) {
      logger.error({ stream, durable, err }, 'messages could not be asked for')
    }
  }

  #giveUp(): void {
    this.#open = 0
  }

  #checkPulse(): void {
    if (this.#open === 0 || performance.now() - this.#heardAtMs < HEARTBEAT_MS * HEARTBEATS_MISSED_MAX) return
    this.#giveUp() // P2
    void this.#repair('no heartbeats')
  }

  /** Makes sure of the topology and asks again: after a connection at once, after trouble with growing waits. */
  async #repair(trouble?: string): Promise<void> {
    if (this.#repairing || this.#stopping.signal.aborted) return
    const { stream, durable, ensure } = this.#spec
    const fields = { stream, durable, reason: trouble }
    const logger = trouble !== undefined && isWorthALine(this.#failures) ? this.#parts.logger : silentLogger
    logger.warn(fields, 'consumer interrupted')
    this.#repairing = true
    if (trouble !== undefined) await pause(backoffMs(this.#failures++, REPAIR), this.#stopping.signal)
    try {
      await ensure()
    } catch (err) {
      // Asked for all the same: perhaps all is there and we just may not look.
      logger.warn({ ...fields, err }, 'topology could not be ensured')
    }
    this.#repairing = false
    this.#ask()
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #takeBatch(): PulledDelivery[] {
    const batch = this.#waiting.splice(0, this.#spec.batchMax)
    this.#waitingBytes = this.#waiting.reduce((sum, { data }) => sum + data.length, 0)
    this.#ask()
    return batch
  }
}
