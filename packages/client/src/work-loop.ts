import { randomUUID } from 'node:crypto'
import type { DaybookError } from '@daybook/errors'
import { backoffMs, pause } from './backoff.ts'
import type { ClaimOptions } from './post.ts'
import { boundsOf, type Loop, type WorkerOptions } from './worker.ts'
import type { GrantedLease } from './worker-lease.ts'
import type { Stages } from './worker-stages.ts'
import { untilAnswered } from './worker-tell.ts'

/** What a worker works on. */
export interface Work<Item> {
  readonly claim: (claim: LoopClaim, options: ClaimOptions) => Promise<readonly Item[]>
  /** What an item is known by, for people. */
  readonly keyOf: (item: Item) => string
  /** For a lease of which nobody knows how old it is. */
  readonly extend: (item: Item) => Promise<Pick<GrantedLease, 'token' | 'leaseMs'>>
  /** Gives it back untried. Where that is impossible it is worked on, for as long as the stop leaves. */
  readonly release?: (item: Item) => Promise<unknown>
  /** Works on it and tells what became of it. Never throws. */
  readonly perform: (item: Item, stages: Stages) => Promise<void>
}

/** What every claim of a loop says. */
export interface LoopClaim {
  readonly worker: string
  readonly claimId: string
  readonly leaseMs?: number
  readonly limit: number
}

/** When the stop comes, a server that is away is asked for as long what it has granted. */
const LAST_CLAIM_MS = 2_000

/**
 * Claims work and starts it.
 *
 * W1. As much is claimed as can be worked on at once, so that no lease runs while its work waits.
 * W2. A claim is repeated with its id until it is answered: nothing stays leased to somebody who does not know of it.
 * W3. What a claim brings after the stop is given back untouched, where it can be; one that the stop cut off is asked for once more.
 * W4. A server that is away is waited for, and one that answers too early with nothing is not asked in a tight loop.
 */
export function workLoop<Item>(work: Work<Item>, options: WorkerOptions): Loop {
  const { concurrency, waitMs } = boundsOf(options)
  return async (stages) => {
    const running = new Set<Promise<void>>()
    const start = (task: Promise<void>): void => {
      const settled = task.finally(() => running.delete(settled))
      running.add(settled)
    }
    const claim = claiming(work, stages, options)
    try {
      for (let early = 0; !stages.stopping.aborted; ) {
        const limit = concurrency - running.size // W1
        if (limit <= 0) {
          await Promise.race(running)
          continue
        }
        const askedAtMs = performance.now()
        const { items, isFresh } = await claim(limit)
        for (const item of items) start(taken(work, item, { isFresh, stages, options }))
        const isEarly = items.length === 0 && performance.now() - askedAtMs < waitMs * 0.9
        early = isEarly ? early + 1 : 0
        if (isEarly) await pause(backoffMs(early), stages.stopping) // W4
      }
    } finally {
      stages.stop()
      await Promise.all(running)
    }
  }
}

interface Claims<Item> {
  readonly items: readonly Item[]
  /** Whether their leases began just now. */
  readonly isFresh: boolean
}

function claiming<Item>(
  { claim }: Work<Item>,
  { stopping }: Stages,
  options: WorkerOptions,
): (limit: number) => Promise<Claims<Item>> {
  const { waitMs, worker } = boundsOf(options)
  const { leaseMs, onProblem } = options
  const onRetry = (error: DaybookError, retryInMs: number) =>
    onProblem?.({ doing: 'claim', error, retryInMs })
  return async (limit) => {
    const claimId = randomUUID()
    const request = { worker, claimId, limit, ...(leaseMs !== undefined && { leaseMs }) }
    try {
      const ask = async () => await claim(request, { waitMs, signal: stopping })
      const { answer, attempts } = await untilAnswered(ask, { until: stopping, onRetry }) // W2
      return { items: answer, isFresh: attempts === 1 }
    } catch (error) {
      if (!stopping.aborted) throw error
    }
    try {
      const until = AbortSignal.timeout(LAST_CLAIM_MS)
      const ask = async () => await claim(request, { signal: until })
      return { items: (await untilAnswered(ask, { until, onRetry })).answer, isFresh: false } // W3
    } catch (error) {
      onProblem?.({ doing: 'claim', error })
      return { items: [], isFresh: false }
    }
  }
}

/** Works on what was claimed, or gives it back when the stop has come before. */
async function taken<Item>(
  work: Work<Item>,
  item: Item,
  { isFresh, stages, options }: { isFresh: boolean; stages: Stages; options: WorkerOptions },
): Promise<void> {
  const key = work.keyOf(item)
  const { release } = work
  const telling = {
    until: stages.over,
    onRetry: (error: DaybookError, retryInMs: number) =>
      options.onProblem?.({ doing: 'tell', error, key, retryInMs }),
  }
  try {
    if (stages.stopping.aborted && release !== undefined)
      await untilAnswered(async () => await release(item), telling)
    else if (isFresh) await work.perform(item, stages)
    else {
      const { answer } = await untilAnswered(async () => await work.extend(item), telling)
      await work.perform({ ...item, ...answer }, stages)
    }
  } catch (error) {
    options.onProblem?.({ doing: 'tell', error, key })
  }
}
