import { setTimeout as delay } from 'node:timers/promises'

/** Waits until an instant has come by this machine's clock, which timers alone may be a millisecond short of. */
export async function waitUntil(atMs: number, signal: AbortSignal): Promise<void> {
  for (let left = atMs - Date.now(); left > 0; left = atMs - Date.now())
    await delay(left, undefined, { signal })
}
