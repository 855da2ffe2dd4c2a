import { DaybookError } from '@daybook/errors'
import {
  type ConnectionOptions,
  connect,
  createInbox,
  type NatsConnection,
  PermissionViolationError,
  type Status,
} from '@nats-io/transport-node'
import { type Backoff, backoffMs, pause } from './backoff.ts'
import { type BusConfig, natsOptions } from './config.ts'
import { type BusLogger, isWorthALine } from './logger.ts'

/** Told when the connection comes and goes. `up` is told at once if it is there already. */
export interface ConnectionWatcher {
  up?(nats: NatsConnection): void
  down?(): void
  /** The server refuses us to publish to the subject. */
  denied?(subject: string): void
}

/** A local server that restarts is found again at once; a herd of services does not press on one that is starting. */
const RECONNECT: Backoff = { firstMs: 50, maxMs: 2_000 }

/** Leaving politely must not hold up a process that was told to stop. */
const DRAIN_MS_MAX = 2_000

/**
 * One connection to NATS that is never given up.
 *
 * C1. It connects and reconnects for ever; only disposing ends it. No failure of the server reaches the process.
 * C2. While it is down `use` fails at once. Nothing is kept for later: the client's own buffer has no bound, and is
 *     thrown away at the next attempt to connect.
 * C3. The client object stays the same over reconnects and subscribes again by itself what was subscribed.
 */
export class Connection implements AsyncDisposable {
  readonly #logger: BusLogger
  readonly #options: ConnectionOptions
  readonly #watchers = new Set<ConnectionWatcher>()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #nats: NatsConnection | undefined
  #connected = false
  /** In a row; sets the next wait. */
  #failures = 0
  #lastFailure = 'no attempt has ended yet'

  /** Starts to connect in the background. Errors: `unsafe-configuration`. */
  constructor(config: BusConfig, logger: BusLogger) {
    this.#logger = logger
    this.#options = natsOptions(config, () => backoffMs(this.#failures, RECONNECT))
    this.#running = this.#run().catch((err: unknown) => logger.error({ err }, 'NATS connection failed'))
  }

  get connected(): boolean {
    return this.#connected
  }

  get serverId(): string | undefined {
    return this.#connected ? this.#nats?.info?.server_id : undefined
  }

  get letsInAnybody(): boolean | undefined {
    return this.#connected ? this.#nats?.info?.auth_required !== true : undefined
  }

  /** The live connection. Errors: `unavailable` while it is down. */
  use(): NatsConnection {
    if (this.#nats !== undefined && this.#connected) return this.#nats // C2
    throw new DaybookError(
      'unavailable',
      'NATS cannot be reached at the moment. Nothing was sent; try again later.',
    )
  }

  /** A new subject for replies to this process. */
  createInbox(): string {
    return createInbox(this.#options.inboxPrefix)
  }

  /** Returns the function that ends the watch. */
  watch(watcher: ConnectionWatcher): () => void {
    this.#watchers.add(watcher)
    const nats = this.#nats
    if (nats !== undefined && this.#connected) this.#tell(() => watcher.up?.(nats))
    return () => this.#watchers.delete(watcher)
  }

  /**
   * The outcome of something asked on this connection, or an error as soon as the connection is lost: the answer will
   * not come then, and waiting for the time-out helps nobody. Errors: `timeout`, besides those of `work`.
   */
  async untilLost<T>(work: Promise<T>): Promise<T> {
    const lost = Promise.withResolvers<never>()
    const unwatch = this.watch({ down: () => lost.reject(lostConnection()) })
    try {
      return await Promise.race([work, lost.promise])
    } finally {
      unwatch()
    }
  }

  /** Waits for the first connection. Errors: `unavailable` when there is none in time. */
  async waitUntilConnected(timeoutMs: number): Promise<void> {
    const connected = Promise.withResolvers<void>()
    const unwatch = this.watch({ up: () => connected.resolve() })
    const timedOut = new AbortController()
    const timeout = pause(timeoutMs, timedOut.signal)
    await Promise.race([connected.promise, timeout])
    timedOut.abort()
    unwatch()
    if (this.#connected) return
    const servers = [this.#options.servers].flat().join(', ')
    const message = `NATS cannot be reached at ${servers} (${this.#lastFailure}). Start nats-server or correct the address.`
    throw new DaybookError('unavailable', message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    if (this.#nats !== undefined) await this.#leave(this.#nats)
    await this.#running
  }

  async #run(): Promise<void> {
    const nats = await this.#dial()
    if (nats === undefined) return
    if (this.#closing.signal.aborted) return nats.close()
    const statuses = nats.status()
    this.#nats = nats
    this.#up(nats)
    for await (const status of statuses) this.#note(nats, status)
  }

  /** The first connection; the client reconnects by itself only after it has been connected once. */
  async #dial(): Promise<NatsConnection | undefined> {
    while (!this.#closing.signal.aborted) {
      try {
        return await connect(this.#options)
      } catch (error) {
        this.#lastFailure = error instanceof Error ? error.message : String(error)
        if (isWorthALine(this.#failures))
          this.#logger.warn({ reason: this.#lastFailure }, 'NATS cannot be reached')
        await pause(backoffMs(this.#failures, RECONNECT), this.#closing.signal)
        this.#failures += 1
      }
    }
    return undefined
  }

  #note(nats: NatsConnection, status: Status): void {
    switch (status.type) {
      case 'disconnect':
      case 'close':
        return this.#down()
      case 'reconnecting':
        this.#failures += 1
        return
      case 'reconnect':
        return this.#up(nats)
      case 'error':
        return this.#refused(status.error)
      case 'staleConnection':
        return this.#logger.warn({}, 'NATS does not answer pings')
      case 'ldm':
        return this.#logger.info({ server: status.server }, 'NATS server is about to stop')
      case 'forceReconnect':
      case 'ping':
      case 'slowConsumer':
      case 'update':
    }
  }

  /** The client announces a reconnection once for each attempt that failed before it; the first time counts. */
  #up(nats: NatsConnection): void {
    this.#failures = 0
    if (this.#connected) return
    this.#connected = true
    this.#logger.info({ server: nats.getServer(), version: nats.info?.version }, 'NATS connected')
    for (const watcher of this.#watchers) this.#tell(() => watcher.up?.(nats))
  }

  #refused(error: Error): void {
    this.#logger.error({ reason: error.message }, 'NATS refused something')
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return
    for (const watcher of this.#watchers) this.#tell(() => watcher.denied?.(error.subject))
  }

  #down(): void {
    if (!this.#connected) return
    this.#connected = false
    if (!this.#closing.signal.aborted) this.#logger.warn({}, 'NATS connection lost')
    for (const watcher of this.#watchers) this.#tell(() => watcher.down?.())
  }

  /** A watcher that throws must end neither the connection nor the process (C1). */
  #tell(watcher: () => void): void {
    try {
      watcher()
    } catch (err) {
      this.#logger.error({ err }, 'watcher of the NATS connection failed')
    }
  }

  /** Drains, so that replies and acknowledgements just given still leave; then closes whatever became of that. */
  async #leave(nats: NatsConnection): Promise<void> {
    const enough = new AbortController()
    const drained = this.#connected && !nats.isClosed() ? nats.drain().catch(() => {}) : Promise.resolve()
    await Promise.race([drained, pause(DRAIN_MS_MAX, enough.signal)])
    enough.abort()
    await nats.close()
  }
}

function lostConnection(): DaybookError {
  const message =
    'The connection to NATS ended before it answered. The outcome is not known: look before you do it again.'
  return new DaybookError('timeout', message)
}
