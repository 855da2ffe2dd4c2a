import type { JournalEvent } from '../envelope.ts'
import type { LinkedRun, SessionSummary } from './summary.ts'

/** What an event meets: its session, and the link of the run that it names. */
export interface SessionState {
  readonly session: SessionSummary | undefined
  readonly link: LinkedRun | undefined
}

/** The run that an event links to its session, if it is such an event. */
export function linkedRunIdOf(event: Pick<JournalEvent, 'type' | 'data'>): string | undefined {
  const { runId } = event.data
  return event.type === 'SESSION_RUN_LINKED' && typeof runId === 'string' && runId !== '' ? runId : undefined
}

/** Why the state does not allow an event; undefined when it does. */
export function findSessionFault({ session, link }: SessionState, event: JournalEvent): string | undefined {
  // Nothing follows from it, and it tells of the payloads of whatever came before it.
  if (event.type === 'SESSION_PAYLOADS_ERASED') return undefined
  const isStarted = session?.startedAt !== undefined
  if (event.type === 'SESSION_STARTED') return isStarted ? 'the session was started before' : undefined
  if (!isStarted) return `${event.type} came before SESSION_STARTED`
  // What it said is not known any more.
  if (event.erased !== undefined) return undefined
  switch (event.type) {
    case 'SESSION_RENAMED':
      return session.titleBy === 'person' && event.data['by'] !== 'person'
        ? 'a person gave it its title'
        : undefined
    case 'SESSION_BRANCHED':
      return isOwnOrigin(event, session) && session.parent !== undefined ? 'it has a parent' : undefined
    case 'SESSION_ARCHIVED':
      return session.status === 'archived' ? 'the session is archived already' : undefined
    case 'SESSION_RUN_LINKED':
      return link === undefined ? undefined : 'the run was linked before'
    default:
      return undefined
  }
}

/** Whether a branching tells where this session comes from, rather than what came from it. */
export function isOwnOrigin(event: JournalEvent, { sessionId }: Pick<SessionSummary, 'sessionId'>): boolean {
  return event.data['branch'] === sessionId
}
