import type { Daybook } from '@daybook/client'
import { runHistory } from './run-history.ts'

/** What writers did so far. */
export interface Load {
  /** Every event that has a receipt, with its position. */
  readonly acknowledged: Map<string, number>
  /** Lets the writers finish the run they are at. */
  stop(): Promise<void>
}

const EFFECTS = 5
let runs = 0

/**
 * Appends runs, a few events at a time, with so many writers until it is stopped. A writer asks again until it has its
 * receipt, as the client does. With `runsMax` each writer stops by itself.
 */
export function startLoad(
  daybook: Daybook,
  { writers, runsMax = Number.POSITIVE_INFINITY }: { writers: number; runsMax?: number },
  acknowledged = new Map<string, number>(),
): Load {
  const stopping = new AbortController()
  const write = async (): Promise<void> => {
    for (let written = 0; written < runsMax && !stopping.signal.aborted; written += 1) {
      runs += 1
      const history = runHistory(daybook, `load-${runs}`, EFFECTS)
      while (history.length > 0) {
        // The size varies, so that transactions of one and of many events are hit.
        const { receipts } = await daybook.append(history.splice(0, 1 + ((runs + history.length) % 4)))
        for (const { id, position } of receipts) acknowledged.set(id, position)
      }
    }
  }
  const running = Promise.all(Array.from({ length: writers }, write))
  // A failure is told to whoever stops the load.
  running.catch(() => {})
  return {
    acknowledged,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
