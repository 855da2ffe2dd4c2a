import { DaybookError } from '@daybook/errors'
import { backoffMs, pause } from './backoff.ts'

export interface Telling {
  /** From then on it is not tried again. */
  readonly until: AbortSignal
  /** Told of each attempt that will be repeated. */
  readonly onRetry: (error: DaybookError, retryInMs: number) => void
}

/** Whether somebody else may have the work by now, or trying again may help: that is no answer of the server about it. */
export function mayPass(error: unknown): boolean {
  return error instanceof DaybookError && (error.retry === 'later' || error.code === 'lease-lost')
}

/** What a promise comes to, unless the signal comes first: then its reason is thrown. Leaves nothing behind at the signal. */
export async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Asks or tells the same until it is answered. Throws what no repetition can mend (`lease-lost` and other refusals), and
 * the last failure when the time is over.
 */
export async function untilAnswered<Answer>(
  tell: () => Promise<Answer>,
  { until, onRetry }: Telling,
): Promise<{ answer: Answer; attempts: number }> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { answer: await unlessAborted(tell(), until), attempts }
    } catch (error) {
      if (!(error instanceof DaybookError) || error.retry === 'never' || until.aborted) throw error
      const retryInMs = backoffMs(attempts)
      onRetry(error, retryInMs)
      await pause(retryInMs, until)
      if (until.aborted) throw error
    }
  }
}
