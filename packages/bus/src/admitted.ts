import { setTimeout as delay } from 'node:timers/promises'
import { DaybookError } from '@daybook/errors'
import type { Bus } from './bus.ts'
import type { BusLogger } from './logger.ts'
import { kickSubject } from './permissions.ts'

/** A connection that came in with a token. */
export interface AdmittedConnection {
  readonly tokenId: string
  readonly serverId: string
  readonly connectionId: number
  /** When its server ends it by itself. */
  readonly untilMs: number
}

export interface AdmittedOptions {
  readonly isStillGood: (tokenId: string) => Promise<boolean>
  readonly lookEveryMs?: number
}

/** A look costs one question for each token that is connected, however many connections it has. */
const LOOK_EVERY_MS = 2_000

/** A server answers at once; one that has left is not waited for. */
const ORDER_TIMEOUT_MS = 1_000

/** Some MB. Who connects more often than this in an hour is sent away at the end of its time only. */
const REMEMBERED_MAX = 50_000

/**
 * Remembers which token opened which connection, and has the server end those whose token is good no longer. It does not
 * learn which connections have ended before: to end one that is gone does nothing.
 */
export class Admitted implements AsyncDisposable {
  readonly #bus: Bus
  readonly #options: AdmittedOptions
  readonly #logger: BusLogger
  readonly #stopping = new AbortController()
  readonly #watching: Promise<void>
  #connections: AdmittedConnection[] = []

  constructor(bus: Bus, options: AdmittedOptions, logger: BusLogger) {
    this.#bus = bus
    this.#options = options
    this.#logger = logger
    this.#watching = this.#watch()
  }

  add(connection: AdmittedConnection): void {
    this.#connections.push(connection)
    if (this.#connections.length > REMEMBERED_MAX) this.#connections.shift()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      // What cannot be found out now is asked again at the next look.
      await this.#look().catch((err: unknown) =>
        this.#logger.warn({ err }, 'tokens that are connected to NATS could not be looked at'),
      )
      await delay(this.#options.lookEveryMs ?? LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    const now = Date.now()
    this.#connections = this.#connections.filter(({ untilMs }) => untilMs > now)
    for (const tokenId of new Set(this.#connections.map((connection) => connection.tokenId)))
      if (!(await this.#options.isStillGood(tokenId))) await this.#end(tokenId)
  }

  /** Those that the server was not reached for stay remembered, for the next look. */
  async #end(tokenId: string): Promise<void> {
    const ended = this.#connections.filter((connection) => connection.tokenId === tokenId)
    for (const connection of ended) await this.#endOne(connection)
    this.#connections = this.#connections.filter((connection) => !ended.includes(connection))
    this.#logger.info(
      { tokenId, connections: ended.length },
      'a token is good no longer; its connections are ended',
    )
  }
  async #endOne({ serverId, connectionId }: AdmittedConnection): Promise<void> {
    // The server does nothing for who wants no answer. It says the same whether the connection was still there or not.
    const order = JSON.stringify({ cid: connectionId })
    try {
      await this.#bus.request(kickSubject(serverId), order, { timeoutMs: ORDER_TIMEOUT_MS })
    } catch (error) {
      // A server that nobody knows any more has taken its connections with it.
      const isGone = error instanceof DaybookError && error.code === 'unavailable' && this.#bus.connected
      if (!isGone) throw error
    }
  }
}
