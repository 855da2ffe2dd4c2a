import type { DaybookError } from '@daybook/errors'
import type { WorkerOptions, WorkerProblem } from './worker.ts'
import { type ExtendedLease, type GrantedLease, keepLease } from './worker-lease.ts'
import type { Stages } from './worker-stages.ts'
import { unlessAborted, untilAnswered } from './worker-tell.ts'

/** How work under a lease ended. */
export type Outcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The worker stops, and the work was not done by then. */
  | { readonly kind: 'drained' }
  /** Somebody wanted it to end, and it has. */
  | { readonly kind: 'cancelled' }

export interface Performance<Value> {
  /** What the work is known by, for people. */
  readonly key: string
  readonly held: Pick<GrantedLease, 'token' | 'leaseMs'>
  readonly extend: (token: number) => Promise<ExtendedLease>
  /** See `LeaseKeeping`. */
  readonly hint?: AbortSignal
  /** How long it may take before it counts as failed; as long as its lease is extended unless told. */
  readonly timeoutMs?: number | undefined
  readonly run: (signal: AbortSignal) => Promise<Value>
  /** Tells how it ended, in requests that can be repeated. */
  readonly settle: (outcome: Outcome<Value>, token: number) => Promise<unknown>
}

/**
 * Runs work under its lease, and tells how it ended.
 *
 * P1. Once the lease is lost nothing is told: somebody else may be at it, and only that one counts.
 * P2. What was told to stop is not waited for, and what it returns afterwards does not count: it may be half of it.
 * P3. How it ended is told until that is answered.
 * P4. What somebody else wanted to end is waited for, under its lease: whoever waits for its end must not meet it still at work.
 */
export async function performUnderLease<Value>(
  { key, held, extend, hint, run, timeoutMs, settle }: Performance<Value>,
  stages: Stages,
  options: WorkerOptions,
): Promise<void> {
  const problem = (about: Omit<WorkerProblem, 'key'>): void => options.onProblem?.({ ...about, key })
  const lease = keepLease(held, {
    extend,
    ...(hint !== undefined && { hint }),
    onRetry: (error, retryInMs) => problem({ doing: 'extend', error, retryInMs }),
  })
  const { lost, cancelled } = lease
  const outcome = await ended(run, { lost, cancelled, drained: stages.drained, timeoutMs })
  const onRetry = (error: DaybookError, retryInMs: number) => problem({ doing: 'tell', error, retryInMs })
  try {
    await unlessAborted(lease.end(), stages.over)
    if (lease.lost.aborted) return problem({ doing: 'extend', error: lease.lost.reason }) // P1
    if (outcome.kind === 'failed') problem({ doing: 'work', error: outcome.error })
    await untilAnswered(async () => await settle(outcome, lease.token), { until: stages.over, onRetry }) // P3
  } catch (error) {
    problem({ doing: 'tell', error })
  }
}

interface Ends {
  readonly lost: AbortSignal
  readonly drained: AbortSignal
  readonly cancelled: AbortSignal
  readonly timeoutMs: number | undefined
}

/** Of the signals that last, none keeps anything of work that has ended. */
async function ended<Value>(
  run: (signal: AbortSignal) => Promise<Value>,
  { lost, drained, cancelled, timeoutMs }: Ends,
): Promise<Outcome<Value>> {
  const stop = new AbortController()
  const onLost = (): void => stop.abort(lost.reason)
  const onDrained = (): void => stop.abort(drained.reason)
  const onTimeout = (): void => stop.abort(new DOMException('The handler took too long.', 'TimeoutError'))
  lost.addEventListener('abort', onLost, { once: true })
  drained.addEventListener('abort', onDrained, { once: true })
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
  if (drained.aborted) onDrained()
  try {
    const value = await unlessAborted(run(AbortSignal.any([stop.signal, cancelled])), stop.signal) // P2, P4
    return cancelled.aborted ? { kind: 'cancelled' } : { kind: 'done', value }
  } catch (error) {
    if (cancelled.aborted) return { kind: 'cancelled' }
    if (drained.aborted) return { kind: 'drained' }
    return { kind: 'failed', error: stop.signal.aborted ? stop.signal.reason : error }
  } finally {
    clearTimeout(timer)
    drained.removeEventListener('abort', onDrained)
  }
}
