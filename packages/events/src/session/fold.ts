import type { JournalEvent } from '../envelope.ts'
import { upcastEvent } from '../upcast.ts'
import { evolveSession } from './evolve.ts'
import type { LinkedRun, SessionSummary } from './summary.ts'
import { linkedRunIdOf } from './transition.ts'

/** A session with the runs that were linked to it, in the order in which they were. */
export interface FoldedSession {
  readonly session: SessionSummary | undefined
  readonly links: ReadonlyMap<string, LinkedRun>
}

/** The state of one session after its events, oldest first: what the projection has after applying them one by one. */
export function foldSession(events: Iterable<JournalEvent>): FoldedSession {
  const links = new Map<string, LinkedRun>()
  let session: SessionSummary | undefined
  for (const recorded of events) {
    const event = upcastEvent(recorded)
    const runId = linkedRunIdOf(event)
    const after = evolveSession({ session, link: runId === undefined ? undefined : links.get(runId) }, event)
    session = after.session
    if (after.link !== undefined) links.set(after.link.runId, after.link)
  }
  return { session, links }
}
