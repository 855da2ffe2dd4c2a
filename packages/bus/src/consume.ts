import { DaybookError } from '@daybook/errors'
import { type Backoff, backoffMs, pause } from './backoff.ts'
import type { Delivery, PulledDelivery } from './delivery.ts'
import { Pull, type PullSpec } from './pull.ts'
import type { BusParts } from './subscribe.ts'
import type { ConsumerSpec } from './topology.ts'

/** A consumer of the topology. */
export interface ConsumerName {
  readonly stream: string
  readonly durable: string
}

export interface ConsumeOptions {
  /** Messages in one batch at most; 500 by default. */
  readonly batchMax?: number
  /** Bytes asked of the server at once; 8 MiB by default. Not less than the largest message. */
  readonly bytesMax?: number
}

/**
 * Handles one batch. When it returns, what it has not settled itself is acknowledged; when it throws, it gets what it
 * has not settled again after a growing wait. The same message may come more than once in any case, so handling it
 * again must change nothing.
 */
export type BatchHandler = (batch: Delivery[]) => Promise<void>

/** A running consumer. Disposing stops it; that waits for the batch being handled. */
export interface Consumer extends AsyncDisposable {
  /** When a batch was last begun. */
  readonly lastDeliveryAt: Date | undefined
  /** Rejects only for a fault in the consumer itself. What handlers and servers do wrong is waited out. */
  readonly failed: Promise<never>
}

/** What one database transaction takes well: see the group commit of the journal. */
const BATCH_MAX = 500
/** Eight messages of the largest size that nats-server takes by default. */
const BYTES_MAX = 8 * 1024 * 1024

/** The first retry is soon, since most failures are a lost race; the last ones leave a broken part in peace. */
const RETRY: Backoff = { firstMs: 100, maxMs: 30_000 }

class BatchConsumer implements Consumer {
  readonly #parts: BusParts
  readonly #spec: ConsumerName
  readonly #acks: ConsumerSpec['acks']
  readonly #handler: BatchHandler
  readonly #pull: Pull
  readonly #running: Promise<void>
  readonly #failed = Promise.withResolvers<never>()
  #lastDeliveryAt: Date | undefined

  constructor(parts: BusParts, spec: PullSpec & Pick<ConsumerSpec, 'acks'>, handler: BatchHandler) {
    this.#parts = parts
    this.#acks = spec.acks
    this.#spec = { stream: spec.stream, durable: spec.durable }
    this.#handler = handler
    this.#pull = new Pull(parts, spec)
    // Whoever does not look at `failed` must not be ended by it.
    this.#failed.promise.catch(() => {})
    this.#running = this.#run().catch((error: unknown) => this.#failed.reject(error))
  }

  get lastDeliveryAt(): Date | undefined {
    return this.#lastDeliveryAt
  }

  get failed(): Promise<never> {
    return this.#failed.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pull.stop()
    await this.#running
    await this.#pull[Symbol.asyncDispose]()
  }

  async #run(): Promise<void> {
    for (let batch = await this.#pull.next(); batch !== undefined; batch = await this.#pull.next()) {
      this.#lastDeliveryAt = new Date()
      await this.#handle(batch)
    }
  }

  /**
   * A failed batch is tried again in its place, so that nothing overtakes it. The server is not told: if this goes on
   * for longer than the consumer's `ackWaitMs`, other instances get the messages too and may be luckier.
   */
  async #handle(batch: readonly PulledDelivery[]): Promise<void> {
    const { stopping } = this.#pull
    let open = batch
    for (let failures = 0; open.length > 0; failures += 1) {
      const retryMs = backoffMs(failures, RETRY)
      if (await this.#succeeds(open, { attempt: failures + 1, retryMs })) return
      open = open.filter((delivery) => !delivery.settled)
      await pause(retryMs, stopping)
      if (stopping.aborted) return handBack(open)
      for (const delivery of open) delivery.again()
    }
  }

  async #succeeds(
    batch: readonly PulledDelivery[],
    fields: { attempt: number; retryMs: number },
  ): Promise<boolean> {
    try {
      await this.#handler([...batch])
      for (const delivery of this.#acks === 'all' ? batch.slice(-1) : batch) delivery.ack()
      return true
    } catch (err) {
      const { logger } = this.#parts
      logger.error(
        { ...this.#spec, messages: batch.length, ...fields, err },
        'batch failed, will be tried again',
      )
      return false
    }
  }
}

function handBack(deliveries: readonly PulledDelivery[]): void {
  for (const delivery of deliveries) delivery.nak()
}

/** Errors: `invalid-usage` for limits that cannot work. */
export function consume(
  parts: BusParts,
  spec: ConsumerName & ConsumeOptions & Pick<PullSpec, 'ensure'> & Pick<ConsumerSpec, 'acks'>,
  handler: BatchHandler,
): Consumer {
  const { batchMax = BATCH_MAX, bytesMax = BYTES_MAX, ...rest } = spec
  if (!(batchMax >= 1 && bytesMax >= 1)) {
    throw new DaybookError('invalid-usage', 'A consumer needs batchMax and bytesMax of at least 1.')
  }
  return new BatchConsumer(parts, { ...rest, batchMax, bytesMax }, handler)
}
