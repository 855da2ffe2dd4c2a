import type { PatchOperation } from '../patch/diff.ts'
import { diffEntry, diffStates } from '../patch/diff-states.ts'
import { memberPath } from '../patch/pointer.ts'
import type { FoldedRun } from './fold.ts'
import type { Effect, RunSummary } from './summary.ts'

/** The whole state of a run as one JSON document: what a patch between two states is a patch of. */
export interface RunDocument {
  /** Null before the first event. */
  readonly run: RunSummary | null
  /** By their ids; an object, so that the place of an effect never moves. */
  readonly effects: Readonly<Record<string, Effect>>
}

/** What a fold made, as a document. */
export function runDocument({ run, effects }: FoldedRun): RunDocument {
  return { run: run ?? null, effects: Object.fromEntries(effects) }
}

/** The patch of a `RunDocument` from one state of the run itself to another. */
export function diffRun(before: RunSummary | null, after: RunSummary | null): PatchOperation[] {
  return diffStates('/run', before, after)
}

/** The patch of a `RunDocument` for one effect; undefined stands for an effect that was not there. */
export function diffEffect(
  effectId: string,
  before: Effect | undefined,
  after: Effect | undefined,
): PatchOperation[] {
  return diffEntry(memberPath('/effects', effectId), before, after)
}
