import type { PatchOperation } from '../patch/diff.ts'
import { diffEntry, diffStates } from '../patch/diff-states.ts'
import { memberPath } from '../patch/pointer.ts'
import type { FoldedSession } from './fold.ts'
import type { LinkedRun, SessionSummary } from './summary.ts'

/** The whole state of a session as one JSON document: what a patch between two states is a patch of. */
export interface SessionDocument {
  /** Null before the first event. */
  readonly session: SessionSummary | null
  /** The runs that were linked to it, by their ids. */
  readonly links: Readonly<Record<string, LinkedRun>>
}

/** What a fold made, as a document. */
export function sessionDocument({ session, links }: FoldedSession): SessionDocument {
  return { session: session ?? null, links: Object.fromEntries(links) }
}

/** The patch of a `SessionDocument` from one state of the session itself to another. */
export function diffSession(
  before: SessionSummary | undefined,
  after: SessionSummary | undefined,
): PatchOperation[] {
  return diffStates('/session', before ?? null, after ?? null)
}

/** The patch of a `SessionDocument` for one linked run; undefined stands for a run that was not linked. */
export function diffLink(
  runId: string,
  before: LinkedRun | undefined,
  after: LinkedRun | undefined,
): PatchOperation[] {
  return diffEntry(memberPath('/links', runId), before, after)
}
