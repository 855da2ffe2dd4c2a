import { DaybookError } from '@daybook/errors'
import { type Backoff, backoffMs } from './backoff.ts'
import type { Delivery, PulledDelivery } from './delivery.ts'
import { Pull, type PullSpec } from './pull.ts'
import type { BusParts } from './subscribe.ts'

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
 * Handles one batch. When it returns, what it has not settled itself is acknowledged; when it throws, what it has not
 * settled comes again. The same message may come more than once in any case, so handling it again must change nothing.
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

export class BatchConsumer implements Consumer {
  readonly #parts: BusParts
  readonly #spec: ConsumerName
  readonly #handler: BatchHandler
  readonly #pull: Pull
  readonly #running: Promise<void>
  readonly #failed = Promise.withResolvers<never>()
  #lastDeliveryAt: Date | undefined
  #failures = 0

  constructor(parts: BusParts, spec: PullSpec, handler: BatchHandler) {
    this.#parts = parts
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

  async #handle(batch: PulledDelivery[]): Promise<void> {
    try {
      await this.#handler(batch)
      this.#failures = 0
      for (const delivery of batch) delivery.ack()
    } catch (error) {
      const delayMs = backoffMs(this.#failures, RETRY)
      this.#failures += 1
      const fields = { ...this.#spec, messages: batch.length, failures: this.#failures, delayMs, err: error }
      this.#parts.logger.error(fields, 'batch failed and will be delivered again')
      await this.#pull.hold(batch, delayMs)
    }
  }
}

/** Errors: `invalid-usage` for limits that cannot work. */
export function consume(
  parts: BusParts,
  spec: ConsumerName & ConsumeOptions & Pick<PullSpec, 'ensure'>,
  handler: BatchHandler,
): Consumer {
  const { batchMax = BATCH_MAX, bytesMax = BYTES_MAX, ...rest } = spec
  if (!(batchMax >= 1 && bytesMax >= 1)) {
    throw new DaybookError('invalid-usage', 'A consumer needs batchMax and bytesMax of at least 1.')
  }
  return new BatchConsumer(parts, { ...rest, batchMax, bytesMax }, handler)
}
