/**
 * How long the relay rests after a batch. Pure.
 *
 * Under load a few larger batches cost far less than many small ones, since JetStream syncs each to the disk on its own,
 * and each read has its price; live tails do not wait for this. While appends are saturated they come first: the relay
 * then works a tenth of the time. It falls behind and makes it good when they let up; projections, which read the table
 * when they are behind, do not wait for it.
 */
export function restAfter({ isFull, tookMs, isSaturated }: Batch): number {
  if (isSaturated) return Math.min(YIELD_MS_MAX, Math.max(SPACING_MS, tookMs * YIELD_FACTOR))
  return isFull ? 0 : SPACING_MS
}

interface Batch {
  /** Whether it was as large as a batch may be: then more is waiting. */
  isFull: boolean
  tookMs: number
  isSaturated: boolean
}

/** The least time between two batches. */
const SPACING_MS = 50
/** Nine parts of rest for one of work. */
const YIELD_FACTOR = 9
/** Also a batch that took very long is followed by another one. */
const YIELD_MS_MAX = 500
