import { setTimeout as delay } from 'node:timers/promises'

/** How waits grow. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * The wait after the nth failure in a row (from 0): doubling from `firstMs` to `maxMs`. Half of it is random, so that
 * those who failed together do not come back together.
 */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff): number {
  const full = Math.min(maxMs, firstMs * 2 ** failures)
  return Math.ceil(full / 2 + (Math.random() * full) / 2)
}

/** Waits; returns at once when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch {
    // Aborted, which is one of the two ways to end a wait.
  }
}
