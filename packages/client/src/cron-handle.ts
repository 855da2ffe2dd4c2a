import type { JsonValue } from '@daybook/errors'
import { failureOf } from './attempt-failure.ts'
import { openCancelHints, type SubscribeToCancels } from './cron-cancels.ts'
import type { ClaimedRun, CronWork } from './cron-work.ts'
import type { ClaimOptions } from './post.ts'
import { type LoopClaim, workLoop } from './work-loop.ts'
import { type Loop, startWorker, type Worker, type WorkerOptions } from './worker.ts'
import { type Outcome, performUnderLease } from './worker-perform.ts'
import type { Stages } from './worker-stages.ts'
import { mayPass } from './worker-tell.ts'

export interface RunContext {
  /**
   * Aborted when what the handler does does not count any more: somebody wants the run to end, its lease is lost (with its
   * deadline, for one), it took too long, or the worker stops.
   */
  readonly signal: AbortSignal
}

/**
 * Does a run of a job. What it returns is the result. What it throws fails the attempt: the job's `retry` says whether there is
 * another one, and never after an error that says `retryable: false` (as `PermanentError` does). It may run again after it
 * ran, when the process died in between: whatever it does elsewhere needs the run's name.
 */
export type RunHandler = (
  run: ClaimedRun,
  context: RunContext,
) => Promise<JsonValue | undefined | void> | JsonValue | undefined | void

interface Handling {
  /** `*` stands for all of them. */
  readonly job: string
  readonly handler: RunHandler
  readonly subscribe: SubscribeToCancels
}

/** See `Cron.handle`. */
export function handleRuns(cron: CronWork, handling: Handling, options: WorkerOptions): Worker {
  return startWorker([runLoop(cron, handling, options)], options)
}

function runLoop(cron: CronWork, { job, handler, subscribe }: Handling, options: WorkerOptions): Loop {
  const { leaseMs, timeoutMs } = options
  return async (stages) => {
    await using hints = openCancelHints(subscribe, job, options)
    const perform = async (run: ClaimedRun, to: Stages): Promise<void> => {
      const key = keyOf(run)
      using hint = hints.of(key)
      const performance = {
        key,
        held: run,
        hint: hint.signal,
        timeoutMs,
        extend: async (token: number) => await cron.extend({ ...run, token }, leaseMs),
        run: async (signal: AbortSignal) => (await handler(run, { signal })) ?? undefined,
        settle: async (outcome: Outcome<JsonValue | undefined>, token: number) =>
          await settle(cron, { ...run, token }, outcome),
      }
      await performUnderLease(performance, to, options)
    }
    const work = {
      claim: async (claim: LoopClaim, how: ClaimOptions) =>
        await cron.claim({ ...claim, ...(job !== '*' && { job }) }, how),
      keyOf,
      extend: async (run: ClaimedRun) => await cron.extend(run, leaseMs),
      perform,
    }
    await workLoop(work, options)(stages)
  }
}

function keyOf({ job, run }: Pick<ClaimedRun, 'job' | 'run'>): string {
  return `${job}/${run}`
}

async function settle(
  cron: CronWork,
  run: ClaimedRun,
  outcome: Outcome<JsonValue | undefined>,
): Promise<unknown> {
  switch (outcome.kind) {
    case 'done':
      return await succeed(cron, run, outcome.value)
    case 'failed':
      return await cron.finish(run, { status: 'failed', error: failureOf(outcome.error) })
    case 'cancelled':
      return await cron.finish(run, { status: 'cancelled' })
    case 'drained':
      return await cron.release(run, 'The worker has to stop.')
    default:
      return outcome satisfies never
  }
}

/** What the server does not take, such as a result that is too large, is a failure of the handler: it is told as one. */
async function succeed(cron: CronWork, run: ClaimedRun, result: JsonValue | undefined): Promise<unknown> {
  try {
    return await cron.finish(run, { status: 'succeeded', ...(result !== undefined && { result }) })
  } catch (error) {
    if (mayPass(error)) throw error
    return await cron.finish(run, { status: 'failed', error: failureOf(error) })
  }
}
