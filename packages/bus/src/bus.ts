import { DaybookError } from '@daybook/errors'
import { type BatchMessage, publishBatch } from './batch.ts'
import type { BusConfig } from './config.ts'
import { Connection } from './connection.ts'
import {
  type BatchHandler,
  type ConsumeOptions,
  type Consumer,
  type ConsumerName,
  consume,
} from './consume.ts'
import { type ConsumerState, consumerState } from './consumer-state.ts'
import { ensureTopology } from './ensure-topology.ts'
import { toBusError } from './failure.ts'
import { type Headers, toNatsHeaders } from './headers.ts'
import { type Identity, readIdentity } from './identity.ts'
import { type BusLogger, silentLogger } from './logger.ts'
import type { IncomingMessage } from './message.ts'
import { WHO_AM_I_SUBJECT } from './permissions.ts'
import { publishQueued, type QueuedOptions, type QueuedReceipt } from './queue.ts'
import { type RemovalPlace, removeMessages } from './remove-messages.ts'
import { type BusReply, type RequestOptions, Requests } from './request.ts'
import { type Responder, respond } from './respond.ts'
import { readStored, removeStored, type StoredPlace } from './stored-message.ts'
import { type StreamState, streamState } from './stream-state.ts'
import { type BusParts, type Listener, listen, type Subscription } from './subscribe.ts'
import { type Topology, topology } from './topology.ts'

/**
 * NATS as Daybook uses it. The bus outlives every failure of the server: what listens, responds and consumes is attached
 * when a connection is there and again after each loss; what publishes or asks while there is none fails at once with
 * `unavailable`. Dispose what you opened on it first and then the bus.
 */
export interface Bus extends AsyncDisposable {
  readonly connected: boolean
  /** The server's own id, new with each of its starts; undefined while there is no connection. */
  readonly serverId: string | undefined
  /** Whether the server asks nobody who they are; undefined while there is no connection. */
  readonly letsInAnybody: boolean | undefined
  /** Who this connection is, as the server sees it. Errors: `unavailable`, `timeout`. */
  whoAmI(options: RequestOptions): Promise<Identity>
  /** To whoever listens now, at most once, unconfirmed. Errors: `unavailable`, `payload-too-large`, `invalid-request`. */
  publish(subject: string, data: string | Uint8Array, headers?: Headers): void
  /**
   * Asks and waits for the answer. Errors: the problem that the responder answered; `timeout`: the outcome is not known;
   * `unavailable`: nothing was done.
   */
  request(subject: string, data: string | Uint8Array, options: RequestOptions): Promise<BusReply>
  /** Answers requests, sharing them with the others of the group. Errors of the handler become problem answers. */
  respond(subject: string, queueGroup: string, responder: Responder): Subscription
  listen(subject: string, listener: Listener): Subscription
  /** Makes what the configured topology declares, if this bus may. Idempotent. Errors: `unavailable`, `timeout`, `unsafe-configuration`. */
  ensureTopology(): Promise<void>
  /** Into a stream, confirmed. Errors: `overloaded`, `timeout` (outcome not known), `unavailable`, `payload-too-large`. */
  publishQueued(subject: string, data: string | Uint8Array, options?: QueuedOptions): Promise<QueuedReceipt>
  /** All or none, fenced. Errors: `unavailable`, which here always means that the outcome is not known. */
  publishBatch(
    stream: string,
    messages: readonly BatchMessage[],
    expectedLastSeq: number,
  ): Promise<{ lastSeq: number }>
  /** Undefined when there is no such stream. Errors: `unavailable`, `timeout`. */
  streamState(stream: string): Promise<StreamState | undefined>
  /**
   * Removes the messages under a subject that `isMeant` chooses, for good; answers how many there were.
   * Errors: `unavailable`, `timeout`; the same call then goes on with those that are left.
   */
  removeMessages(
    place: RemovalPlace,
    isMeant: (message: Pick<IncomingMessage, 'headers' | 'data'>) => boolean,
  ): Promise<number>
  /** How far a consumer is behind; undefined when there is none. Errors: `unavailable`, `timeout`. */
  consumerState(name: ConsumerName): Promise<ConsumerState | undefined>
  /** A message of a stream, whoever it is delivered to; undefined when it is gone. Errors: `unavailable`, `timeout`. */
  readStored(place: StoredPlace): Promise<Omit<IncomingMessage, 'text'> | undefined>
  /** Takes a message out of a stream; one that is gone is no error. Errors: `unavailable`, `timeout`. */
  removeStored(place: StoredPlace): Promise<void>
  /** Handles a consumer's messages in batches, in order, one at a time. Errors: `invalid-usage`. */
  consume(name: ConsumerName, handler: BatchHandler, options?: ConsumeOptions): Consumer
}

/** How long `wait: true` waits. */
const WAIT_MS = 10_000

/**
 * Opens the bus. It returns at once and connects in the background, unless `wait` is set.
 * Errors: `unsafe-configuration`; with `wait` also `unavailable`.
 */
export async function connectBus(config: BusConfig, logger: BusLogger = silentLogger): Promise<Bus> {
  const connection = new Connection(config, logger)
  if (config.wait === true) {
    try {
      await connection.waitUntilConnected(config.waitMs ?? WAIT_MS)
    } catch (error) {
      await connection[Symbol.asyncDispose]()
      throw error
    }
  }
  return new NatsBus({ connection, logger }, config)
}

class NatsBus implements Bus {
  readonly #parts: BusParts
  readonly #topology: Topology
  readonly #makesTopology: boolean
  readonly #requests: Requests
  #ensuring: Promise<void> | undefined

  constructor(parts: BusParts, config: BusConfig) {
    this.#parts = parts
    this.#topology = config.topology ?? topology
    this.#makesTopology = config.makesTopology ?? true
    this.#requests = new Requests(parts)
  }

  get connected(): boolean {
    return this.#parts.connection.connected
  }

  get serverId(): string | undefined {
    return this.#parts.connection.serverId
  }

  get letsInAnybody(): boolean | undefined {
    return this.#parts.connection.letsInAnybody
  }

  async whoAmI(options: RequestOptions): Promise<Identity> {
    return readIdentity((await this.#requests.request(WHO_AM_I_SUBJECT, '', options)).text())
  }

  publish(subject: string, data: string | Uint8Array, headers?: Headers): void {
    const options = headers === undefined ? {} : { headers: toNatsHeaders(headers) }
    const nats = this.#parts.connection.use()
    try {
      nats.publish(subject, data, options)
    } catch (error) {
      throw toBusError(error, `send the message to ${subject}`)
    }
  }

  request(subject: string, data: string | Uint8Array, options: RequestOptions): Promise<BusReply> {
    return this.#requests.request(subject, data, options)
  }

  respond(subject: string, queueGroup: string, responder: Responder): Subscription {
    return respond(this.#parts, { subject, queueGroup }, responder)
  }

  listen(subject: string, listener: Listener): Subscription {
    return listen(this.#parts, subject, listener)
  }

  /** Consumers that come back together share one round of questions. */
  async ensureTopology(): Promise<void> {
    if (!this.#makesTopology) return
    this.#ensuring ??= ensureTopology(this.#parts, this.#topology).finally(() => {
      this.#ensuring = undefined
    })
    await this.#ensuring
  }

  publishQueued(
    subject: string,
    data: string | Uint8Array,
    options: QueuedOptions = {},
  ): Promise<QueuedReceipt> {
    return publishQueued(this.#parts, { subject, data }, options)
  }

  publishBatch(stream: string, messages: readonly BatchMessage[], expectedLastSeq: number) {
    return publishBatch(this.#parts, { stream, expectedLastSeq }, messages)
  }

  streamState(stream: string): Promise<StreamState | undefined> {
    return streamState(this.#parts, stream)
  }

  removeMessages(
    place: RemovalPlace,
    isMeant: (message: Pick<IncomingMessage, 'headers' | 'data'>) => boolean,
  ): Promise<number> {
    return removeMessages(this.#parts, place, isMeant)
  }

  consumerState(name: ConsumerName): Promise<ConsumerState | undefined> {
    return consumerState(this.#parts, name)
  }

  readStored(place: StoredPlace): Promise<Omit<IncomingMessage, 'text'> | undefined> {
    return readStored(this.#parts, place)
  }

  removeStored(place: StoredPlace): Promise<void> {
    return removeStored(this.#parts, place)
  }

  consume(name: ConsumerName, handler: BatchHandler, options: ConsumeOptions = {}): Consumer {
    const { stream, durable } = name
    const declared = this.#topology.consumers.find(
      (known) => known.stream === stream && known.durable === durable,
    )
    if (declared === undefined) {
      throw new DaybookError('invalid-usage', `The topology declares no consumer ${durable} of ${stream}.`)
    }
    const ensure = (): Promise<void> => this.ensureTopology()
    return consume(this.#parts, { stream, durable, acks: declared.acks, ensure, ...options }, handler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests[Symbol.asyncDispose]()
    await this.#parts.connection[Symbol.asyncDispose]()
  }
}
