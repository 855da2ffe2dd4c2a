import type { Consumer, Delivery } from '@daybook/bus'
import { DaybookError } from '@daybook/errors'
import { Pause } from '@daybook/runtime'
import type { Transaction } from 'kysely'
import { Applier } from './applier.ts'
import { readMessage } from './batch.ts'
import { StuckAtEvent } from './blame.ts'
import { type EventApplier, GenerationApplier } from './generation-applier.ts'
import { type ParkedReads, parkingStore } from './parking.ts'
import type { PositionedRead, Projection, ProjectionFailure, ProjectionSpec } from './projection-spec.ts'

/** How stale a read model may get while messages are lost without a trace. One comparison is one row. */
const COMPARE_MS = 2_000
/** Messages gathered for one transaction; the journal is read in larger pages, when there is more to catch up with. */
const MESSAGES_MAX = 500
const BACKOFF_MIN_MS = 100
/** A person who has mended the cause does not want to wait longer for the next try. */
const BACKOFF_MAX_MS = 15_000

/**
 * Runs an Applier: on messages when there are any, and every few seconds, or when a reader waits, on the journal.
 *
 * 1. One round at a time, so the applier never meets itself.
 * 2. Messages are acknowledged after the commit, and only then. A batch that cannot be applied goes back.
 * 3. A failure is never final and never silent: it is tried again with growing pauses, and `failure` tells of it.
 */
class ProjectionLoop<DB> implements Projection<DB> {
  readonly parked: ParkedReads
  readonly #spec: ProjectionSpec<DB>
  readonly #applier: EventApplier<DB>
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<(position: number) => void>()
  readonly #consumer: Consumer | undefined
  readonly #comparing: Promise<void>
  #round: Promise<unknown> = Promise.resolve()
  #failure: ProjectionFailure | undefined
  #retryAt = 0
  readonly #pause = new Pause()
  #wanted = false

  constructor(spec: ProjectionSpec<DB>) {
    this.#spec = spec
    if (spec.generations === undefined) {
      this.parked = parkingStore(spec)
      this.#applier = new Applier(spec, () => this.#announce())
    } else {
      const applier = new GenerationApplier(spec, () => this.#announce())
      this.parked = applier.parkedReads
      this.#applier = applier
    }
    this.#consumer = spec.consumer?.bus.consume(
      { stream: spec.consumer.stream, durable: spec.consumer.durable },
      (batch) => this.#deliver(batch),
      { batchMax: MESSAGES_MAX },
    )
    this.#consumer?.failed.catch((error: unknown) => {
      spec.logger.error(
        { projection: spec.name, err: error },
        'messages come no more; the journal is read instead',
      )
    })
    this.#comparing = this.#compareForEver()
  }

  get position(): number {
    return this.#applier.position
  }

  get lag(): number | undefined {
    return this.#applier.lag
  }

  get parkedStreams(): number {
    return this.#applier.parked
  }

  get failure(): ProjectionFailure | undefined {
    return this.#failure
  }

  read<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<PositionedRead<T>> {
    return this.#applier.read(tenant, work)
  }

  compareNow(): void {
    this.#retryAt = 0
    this.#wanted = true
    this.#pause.end()
  }

  onAdvance(listener: (position: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.position >= position) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), timeoutMs)
    const stop = this.onAdvance((reached) => reached >= position && resolve(true))
    this.#wanted = true
    this.#pause.end()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      stop()
    }
  }

  /** What this throws sends the batch back to the bus, which holds what follows; the journal is read meanwhile. 2, 3 */
  async #deliver(batch: readonly Delivery[]): Promise<void> {
    const { signal } = this.#stopping
    const take = () => this.#applier.take(batch.map(readMessage), signal)
    if (Date.now() >= this.#retryAt && (await this.#try(take))) return
    throw new DaybookError(
      'unavailable',
      `The projection ${this.#spec.name} cannot get on: ${this.#failure?.detail ?? 'it stops'}`,
    )
  }

  async #compareForEver(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#wanted = false
      if (Date.now() >= this.#retryAt) await this.#try(() => this.#applier.catchUp(signal))
      await this.#rest()
    }
  }

  /** Until the next comparison, or until a reader waits; after a failure until the next try, whoever waits. */
  async #rest(): Promise<void> {
    // A reader that came during the round may want an event that the round was too early for.
    if (this.#stopping.signal.aborted || (this.#wanted && this.#failure === undefined)) return
    const { compareMs = COMPARE_MS } = this.#spec
    await this.#pause.wait(this.#failure === undefined ? compareMs : this.#retryAt - Date.now())
  }

  /** One round; answers whether it went well and to its end. 1 */
  #try(round: () => Promise<boolean>): Promise<boolean> {
    const { name, metrics } = this.#spec
    const result = this.#round.then(round).then(
      (isDone) => this.#succeeded() && isDone,
      (error: unknown) => this.#failed(error),
    )
    this.#round = result.then(() => metrics?.stands(name, this.position, this.lag))
    return result
  }

  #succeeded(): boolean {
    if (this.#failure !== undefined) {
      this.#spec.logger.info(
        { projection: this.#spec.name, attempts: this.#failure.attempts },
        'the projection gets on again',
      )
    }
    this.#failure = undefined
    this.#retryAt = 0
    return true
  }

  /** 3 */
  #failed(error: unknown): boolean {
    this.#applier.forget()
    const attempts = (this.#failure?.attempts ?? 0) + 1
    const detail = error instanceof Error ? error.message : String(error)
    this.#failure = { ...(error instanceof StuckAtEvent && { position: error.position }), detail, attempts }
    this.#retryAt = Date.now() + Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempts, 10))
    this.#spec.metrics?.failed(this.#spec.name)
    this.#spec.logger.error(
      { projection: this.#spec.name, ...this.#failure, err: error },
      'the projection cannot get on',
    )
    this.#pause.end()
    return false
  }

  #announce(): void {
    for (const listener of this.#listeners) listener(this.position)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#pause.end()
    await this.#consumer?.[Symbol.asyncDispose]()
    await this.#comparing
    await this.#round
  }
}

/** Starts a projection. It never throws later: what goes wrong is tried again, and told by `failure`. */
export function startProjection<DB>(spec: ProjectionSpec<DB>): Projection<DB> {
  return new ProjectionLoop(spec)
}
