import type { Logger, Metrics } from '@daybook/runtime'
import type { BatcherOptions } from './batcher.ts'

/** A slow second is one line in the log, not a thousand. */
const LOG_EVERY_MS = 1_000

/** Counts and logs how appends go. */
export function observeAppends(
  metrics: Metrics,
  logger: Logger,
  budgetMs: number,
): Required<Pick<BatcherOptions, 'onBatch' | 'onWaited' | 'onRetry'>> {
  const latency = metrics.histogram({
    name: 'append_duration_seconds',
    help: 'From the arrival of an append request to its commit.',
  })
  const size = metrics.histogram({
    name: 'append_batch_events',
    help: 'Events in one transaction.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
  })
  const overBudget = metrics.counter({
    name: 'append_over_budget_total',
    help: `Append requests that took longer than ${budgetMs} ms.`,
  })
  const retries = metrics.counter({
    name: 'append_retries_total',
    help: 'Transactions that were run again or failed.',
  })
  let slow = 0
  let loggedAt = Number.NEGATIVE_INFINITY
  return {
    onBatch: ({ events }) => size.observe(events),
    onWaited: (waitedMs) => {
      latency.observe(waitedMs / 1_000)
      if (waitedMs <= budgetMs) return
      overBudget.inc()
      slow += 1
      if (performance.now() - loggedAt < LOG_EVERY_MS) return
      logger.warn({ waitedMs: Math.round(waitedMs), budgetMs, slow }, 'appends took longer than their budget')
      loggedAt = performance.now()
      slow = 0
    },
    onRetry: (error) => {
      retries.inc()
      logger.warn({ err: error }, 'an append transaction failed')
    },
  }
}
