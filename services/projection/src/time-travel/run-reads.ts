import { noSuchRun } from '../routes/no-such-run.ts'
import type { History } from './history.ts'
import type { Moment } from './moment.ts'
import { type PastParts, type Positioned, readHistory, seqAt } from './reads.ts'
import { SEGMENT_EVENTS } from './segment.ts'
import type { SegmentKeeper } from './segment-keeper.ts'

/** What reading the past of runs takes. */
export interface TimeTravelParts<DB> extends PastParts<DB> {
  keeper: SegmentKeeper
  /** The version of the fold. */
  fold: number
}

/** Further from the last segment than this, making the segments first is worth it: all later reads are short then. */
const FAR_EVENTS = 4 * SEGMENT_EVENTS

/** Which run, and the moments that it is read as of. */
export interface AskedRun {
  tenant: string
  runId: string
  moments: readonly Moment[]
}

/**
 * Reads a run as of some moments, all in one snapshot of the journal; `work` is given the seq of each. If the events since
 * the last segment are many, the missing segments are made first; where that cannot be done, the events are gone through
 * all the same. Codes: `not-found`, `invalid-request` (a seq that the run has not reached), `archive-unavailable`.
 */
export async function readRun<DB, T>(
  parts: TimeTravelParts<DB>,
  { tenant, runId, moments }: AskedRun,
  work: (history: History, seqs: readonly number[]) => Promise<T>,
): Promise<Positioned<T>> {
  const asked = {
    key: { tenant, stream: `run/${runId}`, fold: parts.fold },
    missing: () => noSuchRun(runId),
  }
  const near = await readHistory(parts, asked, async (history) => {
    const seqs = await seqsOf(history, moments)
    const seq = Math.max(...seqs)
    return isFar(history, seq) ? { far: seq } : { read: await work(history, seqs) }
  })
  if (near.value.far === undefined) return { ...near, value: near.value.read }
  await parts.keeper.extend(asked.key, near.value.far)
  return readHistory(parts, asked, async (history) => work(history, await seqsOf(history, moments)))
}

async function seqsOf(history: History, moments: readonly Moment[]): Promise<number[]> {
  const seqs: number[] = []
  for (const moment of moments) seqs.push(await seqAt(history, moment))
  return seqs
}

function isFar({ segments, erased }: History, seq: number): boolean {
  // They are not made while something of the run is about to be erased.
  if (erased.size > 0) return false
  return seq - (segments.findLast((segment) => segment.seq <= seq)?.seq ?? 0) > FAR_EVENTS
}
