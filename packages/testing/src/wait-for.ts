import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  /** Said in the failure: what was waited for. */
  what: string
  /** How long to wait. Default 10,000: generous, since waiting ends as soon as the condition holds. */
  timeoutMs?: number
  /** Pause between two looks. Default 20. */
  everyMs?: number
}

/**
 * Waits until `condition` returns something truthy and returns that. A condition that throws counts as not yet met; its
 * last error is the cause of the failure.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000, everyMs = 20 }: WaitOptions,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  do {
    try {
      const result = await condition()
      if (isMet(result)) return result
      cause = undefined
    } catch (error) {
      cause = error
    }
    await pause(everyMs)
  } while (performance.now() < deadline)
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause })
}

function isMet<T>(result: T): result is Exclude<T, undefined | null | false | 0 | ''> {
  return Boolean(result)
}
