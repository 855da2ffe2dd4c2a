import type { JournalEvent } from '../src/envelope.ts'
import { type FoldedSession, foldSession } from '../src/session/fold.ts'
import type { SessionSummary } from '../src/session/summary.ts'
import { journalOf } from './journal.ts'

/** An event of the session `s1`, of which the journal fills in the rest. */
export type Given = Pick<JournalEvent, 'type' | 'data'>

export const started: Given = {
  type: 'SESSION_STARTED',
  data: { sessionKey: 'slack:1', principal: 'user:ada', channel: 'slack', title: 'First words' },
}
export const archived: Given = { type: 'SESSION_ARCHIVED', data: {} }
export const reset: Given = { type: 'SESSION_RESET', data: { reason: 'start over' } }

export function renamed(title: string, by: 'person' | 'derived' = 'person'): Given {
  return { type: 'SESSION_RENAMED', data: { title, by } }
}

export function linked(runId: string): Given {
  return { type: 'SESSION_RUN_LINKED', data: { runId } }
}

export function branched(parent: string, branch: string): Given {
  return { type: 'SESSION_BRANCHED', data: { fromRunId: 'r1', parent, branch } }
}

/** The session `s1` after these events. */
export function fold(...given: Given[]): FoldedSession & { session: SessionSummary } {
  const folded = foldSession(journalOf('session/s1', given))
  if (folded.session === undefined) throw new Error('no event, no session')
  return { ...folded, session: folded.session }
}
