import { quantile } from '../measure.ts'

/** How late something was, in milliseconds from the time that it was due; a minimum below 0 was early. */
export interface Lateness {
  count: number
  minMs: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

export function latenessOf(lateMs: readonly number[]): Lateness {
  const sorted = Float64Array.from(lateMs).toSorted()
  const at = (share: number): number => quantile(sorted, share)
  return { count: sorted.length, minMs: at(0), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** What was to start against what started. Each is one start of one job: its job and its time. */
export interface Tally {
  expected: number
  /** Of those expected, how many started at all. */
  started: number
  /** Starts of something that had started. */
  again: number
  /** Starts that nobody expects. */
  unexpected: number
}

export function tallyOf(
  expected: { has(key: string): boolean; size: number },
  starts: Iterable<string>,
): Tally {
  const seen = new Set<string>()
  const tally = { expected: expected.size, started: 0, again: 0, unexpected: 0 }
  for (const key of starts) {
    if (!expected.has(key)) tally.unexpected += 1
    else if (seen.has(key)) tally.again += 1
    else tally.started += 1
    seen.add(key)
  }
  return tally
}

/** How many starts are not what they should be. */
export function wrongIn({ expected, started, again, unexpected }: Tally): number {
  return expected - started + again + unexpected
}
