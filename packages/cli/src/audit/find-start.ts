import type { JournalEvent } from '@daybook/events'

/**
 * Positions are in the order of commits, and `recordedAt` is the clock of the instance that committed: of several
 * instances, clocks differ. Whoever looks for an instant looks so far around it as clocks may be apart; those that are
 * kept at all are within a second.
 */
export const CLOCKS_APART_MS = 60_000

/** The first event behind a position, if there is one, and the position at which the journal ends. */
export type FirstBehind = (position: number) => Promise<{
  readonly event: Pick<JournalEvent, 'position' | 'recordedAt'> | undefined
  readonly head: number
}>

/**
 * The position behind which the events since an instant are, found by halving: some two dozen small reads in a journal of
 * ten million events, instead of reading what came before.
 */
export async function findStart(firstBehind: FirstBehind, since: string): Promise<number> {
  const earliest = Date.parse(since) - CLOCKS_APART_MS
  const { head } = await firstBehind(0)
  let [low, high] = [0, head]
  // All events up to `low` are older; the first one behind `high` is not, or there is none.
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { event } = await firstBehind(middle)
    if (event !== undefined && Date.parse(event.recordedAt) < earliest) low = event.position
    else high = middle
  }
  return low
}
