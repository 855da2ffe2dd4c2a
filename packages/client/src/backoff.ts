import { setTimeout as sleep } from 'node:timers/promises'

/** The first wait: longer than a usual append takes, shorter than a person notices. */
const firstDelayMs = 50
/** The longest wait: a service that comes back is found again within this time. */
const delayMsMax = 5_000

/**
 * How long to wait before attempt `attempt` (1 is the first retry): exponential with full jitter, so that callers which
 * lost the same server do not all come back in the same moment.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(attempt, 16))
  // Never quite zero: a server that answers "overloaded" at once must not be asked in a tight loop.
  return Math.round(ceiling * (0.1 + 0.9 * random()))
}

/** Waits, or returns early when `signal` is aborted. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}
