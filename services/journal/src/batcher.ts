import { setTimeout as delay } from 'node:timers/promises'
import { failureOf, isUniqueViolation } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Receipt } from '@daybook/events'
import { countEvents, type Gathered, streamsOf, takeBatch } from './gather.ts'
import type { Job } from './settle.ts'
import type { CommittedBatch } from './store/append.ts'
import type { Added } from './tap.ts'

/**
 * Group commit without a timer. An idle journal writes at once; while one transaction is on its way, requests gather,
 * and all that gathered go into the next one.
 *
 * B1 Requests that touch one stream are settled in the order in which they came: a request waits while a transaction
 *    with one of its streams is under way, and while an earlier one that shares a stream with it waits.
 * B2 A broken connection leaves the outcome unknown. The same batch is run again: what had been committed is found by
 *    its ids and answered as it was, so nothing is lost and nothing doubled.
 * B3 When the database stays away, everything that waits is refused together (`unavailable`): of one stream nothing that
 *    came later is written before something that came earlier and failed.
 * B4 A request that makes the statement fail in an unforeseen way does not take its neighbours with it.
 * B5 One transaction is under way, or two when enough is waiting to fill a second: while the database writes the one,
 *    the other is prepared. Small ones would only share the same work among more commits.
 */

/** Some 30 MiB, or two seconds of work. Past that an early refusal serves everyone better. */
const WAITING_EVENTS_MAX = 50_000
/** One writes while the other prepares. More would only queue at the one row that gives out positions. */
const UNDER_WAY_MAX = 2
/** Measured: from about here on a second transaction makes more events a second, before it makes fewer. */
const SECOND_EVENTS_MIN = 200
/** So many events wait only where appends come faster than they can be written. */
const SATURATED_EVENTS_MIN = 100
/** As long as a client waits for its answer before it asks again. */
const RETRY_DEADLINE_MS = 10_000
/** Lost in a row, races mean that many write to one stream; then a pause lets one of them through. */
const RACES_BEFORE_PAUSE = 4
const RETRY_BASE_MS = 50
const RETRY_MAX_MS = 1_000

export interface BatcherOptions {
  commit: (jobs: readonly Gathered[]) => Promise<CommittedBatch>
  /** Told after each commit that added events. */
  onCommit?: (added: Added) => void
  onBatch?: (batch: { events: number; durationMs: number }) => void
  /** Told of each request how long it took from its arrival to its commit. */
  onWaited?: (waitedMs: number) => void
  /** Told of each request that was committed; for traces, and absent without them. */
  onCommitted?: (committed: CommittedRequest) => void
  onRetry?: (error: unknown) => void
}

/** A request with its answer. The instants are of `performance.now()`. */
export interface CommittedRequest {
  job: Job
  receipts: readonly Receipt[]
  since: number
  ended: number
}

interface Waiting extends Gathered {
  since: number
  resolve: (receipts: Receipt[]) => void
  reject: (error: DaybookError) => void
}

export interface Batcher extends AsyncDisposable {
  /** Answers the receipts after the commit, or throws what the request was refused for. */
  append(job: Job): Promise<Receipt[]>
  /** Whether appends come as fast as they can be written, or faster: any other work makes all of them wait longer. */
  readonly isSaturated: boolean
}

class GroupCommit implements Batcher {
  readonly #options: BatcherOptions
  readonly #busy = new Set<string>()
  readonly #underWay = new Set<Promise<void>>()
  #queue: Waiting[] = []
  #waitingEvents = 0
  #scheduled = false
  #closed = false

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  get isSaturated(): boolean {
    return this.#underWay.size === UNDER_WAY_MAX || this.#waitingEvents >= SATURATED_EVENTS_MIN
  }

  append(job: Job): Promise<Receipt[]> {
    if (this.#closed) {
      return Promise.reject(
        new DaybookError('unavailable', 'The journal is shutting down. Try again in a moment.'),
      )
    }
    if (this.#waitingEvents > WAITING_EVENTS_MAX) {
      const message = `More than ${WAITING_EVENTS_MAX} events wait to be written. Slow down and try again.`
      return Promise.reject(new DaybookError('overloaded', message))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...job, since: performance.now(), streams: streamsOf(job), resolve, reject })
      this.#waitingEvents += job.request.events.length
      this.#schedule()
    })
  }

  /** In a microtask, so that all requests of one tick share the first transaction. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay.size === UNDER_WAY_MAX) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#startBatches()
    })
  }

  #startBatches(): void {
    while (this.#underWay.size < UNDER_WAY_MAX) {
      if (this.#underWay.size > 0 && this.#waitingEvents < SECOND_EVENTS_MIN) return // B5
      const { batch, rest } = takeBatch(this.#queue, this.#busy)
      if (batch.length === 0) return
      this.#queue = rest
      this.#waitingEvents -= countEvents(batch)
      const run = this.#run(batch).finally(() => {
        this.#underWay.delete(run)
        this.#startBatches()
      })
      this.#underWay.add(run)
    }
  }

  async #run(batch: Waiting[]): Promise<void> {
    const streams = batch.flatMap((waiting) => [...waiting.streams])
    for (const stream of streams) this.#busy.add(stream)
    const reached = await writeBatch(batch, this.#options)
    for (const stream of streams) this.#busy.delete(stream)
    if (reached) return
    refuseAll(this.#queue) // B3
    this.#queue = []
    this.#waitingEvents = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#startBatches()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }
}

/** Starts a batcher. Disposing it finishes what waits and refuses what comes later. */
export function createBatcher(options: BatcherOptions): Batcher {
  return new GroupCommit(options)
}

function refuseAll(waiting: readonly Waiting[]): void {
  const error = new DaybookError(
    'unavailable',
    'The journal cannot reach its database. Whether the events were written is unknown; send them again with the same ids.',
  )
  for (const { reject } of waiting) reject(error)
}

/** Writes a batch and answers its requests. False: the database stayed away, and they were refused. */
async function writeBatch(batch: Waiting[], options: BatcherOptions): Promise<boolean> {
  const started = performance.now()
  try {
    const { answers, added } = await commitWithRetry(batch, options)
    if (added !== undefined) options.onCommit?.(added)
    const ended = performance.now()
    options.onBatch?.({ events: countEvents(batch), durationMs: ended - started })
    batch.forEach((waiting, index) => {
      const answer = answers[index]
      options.onWaited?.(ended - waiting.since)
      if (answer === undefined)
        waiting.reject(new DaybookError('internal', 'The journal lost track of a request. This is a defect.'))
      else if ('refusal' in answer) waiting.reject(answer.refusal)
      else {
        waiting.resolve(answer.receipts)
        options.onCommitted?.({ job: waiting, receipts: answer.receipts, since: waiting.since, ended })
      }
    })
    return true
  } catch (error) {
    if (isAway(error)) {
      refuseAll(batch)
      return false
    }
    return writeApart(batch, error, options)
  }
}

/** B4: the requests of a batch that failed as a whole, each by itself. */
async function writeApart(batch: Waiting[], error: unknown, options: BatcherOptions): Promise<boolean> {
  const [only, ...others] = batch
  if (only !== undefined && others.length === 0) {
    only.reject(
      new DaybookError('internal', 'The journal could not write this request. Its log says why.', {
        cause: error,
      }),
    )
    options.onRetry?.(error)
    return true
  }
  for (const [index, waiting] of batch.entries()) {
    if (await writeBatch([waiting], options)) continue
    refuseAll(batch.slice(index + 1))
    return false
  }
  return true
}

function isAway(error: unknown): boolean {
  return failureOf(error) === 'connection' || (error instanceof DaybookError && error.code === 'unavailable')
}

async function commitWithRetry(batch: readonly Waiting[], options: BatcherOptions): Promise<CommittedBatch> {
  const deadline = performance.now() + RETRY_DEADLINE_MS
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await options.commit(batch)
    } catch (error) {
      // A unique violation: another instance committed one of the ids meanwhile. The next look finds it.
      const worthwhile = isAway(error) || isUniqueViolation(error) || failureOf(error) === 'conflict'
      if (!worthwhile || performance.now() > deadline) throw error
      options.onRetry?.(error)
      // A race is over when it is lost; only what is broken needs time.
      if (!isAway(error) && attempt < RACES_BEFORE_PAUSE) continue
      await delay(Math.random() * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** attempt))
    }
  }
}
