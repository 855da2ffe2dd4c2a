import type { RunSummary } from './summary.ts'

/** One effect less is pending, and nobody can say which. When none is, none of any kind is. */
export function settleUnknown(before: RunSummary): RunSummary {
  const run = pend(before, -1)
  return run.effectsPending === 0 ? { ...run, pendingByKind: {} } : run
}

/** One pending effect more or less, of a kind that is not known. */
export function pend(run: RunSummary, step: 1 | -1): RunSummary {
  const effectsPending = Math.max(0, run.effectsPending + step)
  return { ...run, status: effectsPending > 0 ? 'waiting' : 'running', effectsPending }
}

/** One pending effect of a kind more or less. */
export function countPending(run: RunSummary, kind: string, step: 1 | -1): RunSummary {
  return {
    ...pend(run, step),
    effectsTotal: run.effectsTotal + (step === 1 ? 1 : 0),
    pendingByKind: countKind(run.pendingByKind, kind, step),
  }
}

function countKind(counts: Record<string, number>, kind: string, step: 1 | -1): Record<string, number> {
  const { [kind]: _before, ...others } = counts
  // A kind is any text, `constructor` too, so what every object inherits must not be taken for a count.
  const count = (Object.hasOwn(counts, kind) ? (counts[kind] ?? 0) : 0) + step
  return count > 0 ? { ...others, [kind]: count } : others
}
