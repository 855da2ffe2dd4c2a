/** Where instants lie on a line from 0 to 1. */
export interface TimeScale {
  /** From 0 to 1, never falling with time; instants outside of the line are at its ends. */
  shareOf(ms: number): number
  /** The instant at a share: the other way round. */
  instantAt(share: number): number
  /** Stretches in which nothing happened, drawn shorter than they were. */
  readonly folds: readonly Fold[]
}

export interface Fold {
  readonly fromMs: number
  readonly toMs: number
  readonly share: number
}

/** A pause that is longer than this part of the whole is folded: there are four of them at most. */
const FOLDED_FROM = 0.2
/** What is left of it on the line: enough to be seen, and together less than half. */
const FOLDED_TO = 0.1

interface Segment {
  readonly fromMs: number
  readonly toMs: number
  readonly fromShare: number
  readonly toShare: number
  readonly folded: boolean
}

/**
 * A run works for minutes and waits for days. So that both can be seen, pauses without any event in them are folded, and
 * marked; everything else is to scale. `instants` are those of the events, in any order.
 */
export function timeScale(instants: readonly number[]): TimeScale {
  const sorted = [...new Set(instants.filter(Number.isFinite))].toSorted((a, b) => a - b)
  const [first = 0, last = first] = [sorted[0], sorted.at(-1)]
  const segments = segmentsOf(sorted, last - first)
  return {
    shareOf: (ms) => {
      const segment = find(segments, (each) => ms <= each.toMs)
      if (segment === undefined || !(ms > first)) return 0 // also where the instant is none
      if (ms >= last) return 1
      const { fromMs, toMs, fromShare, toShare } = segment
      return fromShare + ((toShare - fromShare) * (ms - fromMs)) / (toMs - fromMs)
    },
    instantAt: (share) => {
      const segment = find(segments, (each) => share <= each.toShare)
      if (segment === undefined) return first
      const { fromMs, toMs, fromShare, toShare } = segment
      const part = toShare === fromShare ? 0 : (share - fromShare) / (toShare - fromShare)
      return fromMs + (toMs - fromMs) * Math.min(1, Math.max(0, part))
    },
    folds: segments.flatMap(({ folded, fromMs, toMs, fromShare, toShare }) =>
      folded ? [{ fromMs, toMs, share: (fromShare + toShare) / 2 }] : [],
    ),
  }
}

function segmentsOf(sorted: readonly number[], totalMs: number): Segment[] {
  const gaps = sorted.slice(1).map((toMs, index) => ({ fromMs: sorted[index] ?? toMs, toMs }))
  const isPause = ({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean =>
    toMs - fromMs > FOLDED_FROM * totalMs
  const pauses = gaps.filter(isPause)
  const workedMs = totalMs - pauses.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  // Of what is nothing but pauses, none is folded: there is nothing to make room for.
  const folds = workedMs > 0 ? pauses.length : 0
  const workedShare = 1 - folds * FOLDED_TO
  let share = 0
  return gaps.map((gap) => {
    const folded = folds > 0 && isPause(gap)
    const lengthMs = gap.toMs - gap.fromMs
    const width = folded ? FOLDED_TO : (lengthMs * workedShare) / (folds > 0 ? workedMs : totalMs)
    const segment = { ...gap, fromShare: share, toShare: Math.min(1, share + width), folded }
    share = segment.toShare
    return segment
  })
}

/** The first segment that reaches so far, else the last. They are in order, and there may be a hundred thousand. */
function find(segments: readonly Segment[], reaches: (segment: Segment) => boolean): Segment | undefined {
  let [low, high] = [0, segments.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    const segment = segments[middle]
    if (segment !== undefined && reaches(segment)) high = middle
    else low = middle + 1
  }
  return segments[low]
}
