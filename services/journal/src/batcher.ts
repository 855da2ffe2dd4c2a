import { setTimeout as delay } from 'node:timers/promises'
import { failureOf, isUniqueViolation } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Receipt } from '@daybook/events'
import type { Job } from './settle.ts'
import type { CommittedBatch } from './store/append.ts'

/**
 * Group commit without a timer. An idle journal writes at once; while one transaction is on its way, requests gather,
 * and all that gathered go into the next one.
 *
 * B1 One transaction at a time; requests are settled in the order in which they came.
 * B2 A broken connection leaves the outcome unknown. The same batch is run again: what had been committed is found by
 *    its ids and answered as it was, so nothing is lost and nothing doubled.
 * B3 When the database stays away, everything that waits is refused together (`unavailable`): nothing that came later
 *    is written before something that came earlier and failed.
 * B4 A request that makes the statement fail in an unforeseen way does not take its neighbours with it.
 */

const EVENTS_MAX = 500
const BYTES_MAX = 1_048_576
/** Some 30 MiB of waiting requests at most, or two seconds of work: past that an early refusal serves everyone better. */
const WAITING_EVENTS_MAX = 50_000
/** As long as a client waits for its answer before it asks again. */
const RETRY_DEADLINE_MS = 10_000
const RETRY_BASE_MS = 50
const RETRY_MAX_MS = 1_000

export interface BatcherOptions {
  commit: (jobs: readonly Job[]) => Promise<CommittedBatch>
  /** Told after each commit that added events: the journal's new last position, and how the batch went. */
  onCommit?: (position: number) => void
  onBatch?: (batch: { events: number; durationMs: number }) => void
  /** Told of each request how long it took from its arrival to its commit. */
  onWaited?: (waitedMs: number) => void
  onRetry?: (error: unknown) => void
}

interface Waiting extends Job {
  since: number
  resolve: (receipts: Receipt[]) => void
  reject: (error: DaybookError) => void
}

export interface Batcher extends AsyncDisposable {
  /** Answers the receipts after the commit, or throws what the request was refused for. */
  append(job: Job): Promise<Receipt[]>
}

/** Starts a batcher. Disposing it finishes what waits and refuses what comes later. */
export function createBatcher(options: BatcherOptions): Batcher {
  const queue: Waiting[] = []
  let waitingEvents = 0
  let running: Promise<void> | undefined
  let closed = false

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = takeBatch(queue)
      if (!(await writeBatch(batch, options))) {
        refuseAll(queue.splice(0))
        waitingEvents = 0
        continue
      }
      waitingEvents -= countEvents(batch)
    }
    running = undefined
  }

  return {
    append(job) {
      if (closed)
        return Promise.reject(
          new DaybookError('unavailable', 'The journal is shutting down. Try again in a moment.'),
        )
      if (waitingEvents > WAITING_EVENTS_MAX) {
        return Promise.reject(
          new DaybookError(
            'overloaded',
            `More than ${WAITING_EVENTS_MAX} events wait to be written. Slow down and try again.`,
          ),
        )
      }
      return new Promise((resolve, reject) => {
        queue.push({ ...job, since: performance.now(), resolve, reject })
        waitingEvents += job.request.events.length
        // Started in a microtask, so that all requests of one tick share the first transaction.
        running ??= Promise.resolve().then(run)
      })
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await running
    },
  }
}

function countEvents(batch: readonly Waiting[]): number {
  return batch.reduce((sum, { request }) => sum + request.events.length, 0)
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let events = 0
  let bytes = 0
  // The first one always goes, however large it is.
  const end = queue.findIndex(({ request }, index) => {
    events += request.events.length
    bytes += request.bytes
    return index > 0 && (events > EVENTS_MAX || bytes > BYTES_MAX)
  })
  return queue.splice(0, end === -1 ? queue.length : end)
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
    const { answers, position } = await commitWithRetry(batch, options)
    if (position !== undefined) options.onCommit?.(position)
    const ended = performance.now()
    options.onBatch?.({ events: countEvents(batch), durationMs: ended - started })
    batch.forEach((waiting, index) => {
      const answer = answers[index]
      options.onWaited?.(ended - waiting.since)
      if (answer === undefined)
        waiting.reject(new DaybookError('internal', 'The journal lost track of a request. This is a defect.'))
      else if ('refusal' in answer) waiting.reject(answer.refusal)
      else waiting.resolve(answer.receipts)
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
      await delay(Math.random() * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** attempt))
    }
  }
}
