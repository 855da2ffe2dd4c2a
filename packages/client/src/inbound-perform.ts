import type { DaybookError } from '@daybook/errors'
import type { GrantedLease, HeldMessage } from './inbound-commands.ts'
import { keepLease } from './inbound-lease.ts'
import type { Stages } from './inbound-stages.ts'
import { unlessAborted, untilAnswered } from './inbound-tell.ts'
import { boundsOf, type InboundProblem, type WorkerOptions } from './inbound-worker.ts'

/** How work under a lease ended. */
export type Outcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The worker stops, and the work was not done by then. */
  | { readonly kind: 'drained' }

export interface Performance<Value> {
  readonly held: HeldMessage & GrantedLease
  readonly extend: (token: number) => Promise<GrantedLease>
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
 */
export async function performUnderLease<Value>(
  { held, extend, run, settle }: Performance<Value>,
  stages: Stages,
  options: WorkerOptions,
): Promise<void> {
  const { key } = held
  const problem = (about: Omit<InboundProblem, 'key'>): void => options.onProblem?.({ ...about, key })
  const lease = keepLease(held, {
    extend,
    onRetry: (error, retryInMs) => problem({ doing: 'extend', error, retryInMs }),
  })
  const { timeoutMs } = boundsOf(options)
  const outcome = await ended(run, { lost: lease.lost, drained: stages.drained, timeoutMs })
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
  readonly timeoutMs: number
}

/** Of the signals that last, none keeps anything of work that has ended. */
async function ended<Value>(
  run: (signal: AbortSignal) => Promise<Value>,
  { lost, drained, timeoutMs }: Ends,
): Promise<Outcome<Value>> {
  const stop = new AbortController()
  const onLost = (): void => stop.abort(lost.reason)
  const onDrained = (): void => stop.abort(drained.reason)
  const onTimeout = (): void => stop.abort(new DOMException('The handler took too long.', 'TimeoutError'))
  lost.addEventListener('abort', onLost, { once: true })
  drained.addEventListener('abort', onDrained, { once: true })
  const timer = setTimeout(onTimeout, timeoutMs)
  if (drained.aborted) onDrained()
  try {
    return { kind: 'done', value: await unlessAborted(run(stop.signal), stop.signal) } // P2
  } catch (error) {
    if (drained.aborted) return { kind: 'drained' }
    return { kind: 'failed', error: stop.signal.aborted ? stop.signal.reason : error }
  } finally {
    clearTimeout(timer)
    drained.removeEventListener('abort', onDrained)
  }
}
