import type { JournalEvent } from '../envelope.ts'
import { texts } from '../run/read.ts'
import type { LinkedRun, SessionSummary } from './summary.ts'
import { findSessionFault, isOwnOrigin, linkedRunIdOf, type SessionState } from './transition.ts'

/** More faults than this say nothing new; they are only counted. */
const FAULTS_KEPT_MAX = 100

/**
 * The state after an event. Pure, and total: it never throws, whatever was appended. It touches only the session and the
 * one link that the event names, so that a projection can load just these. What the state does not allow is added to
 * `faults` and changes nothing else; seq, last event and `updatedAt` go on. Events of other streams change nothing. An
 * event whose payload was erased counts by its type alone.
 */
export function evolveSession(state: SessionState, event: JournalEvent): SessionState {
  if (!event.stream.startsWith('session/')) return state
  const session = advance(state.session ?? unborn(event), event)
  const fault = findSessionFault(state, event)
  if (fault !== undefined) return { session: flag(session, event, fault), link: state.link }
  if (event.erased === undefined) return apply({ session, link: state.link }, event)
  return { session: applyErased(session, event), link: state.link }
}

interface Reached {
  readonly session: SessionSummary
  readonly link: LinkedRun | undefined
}

function apply({ session, link }: Reached, event: JournalEvent): SessionState {
  switch (event.type) {
    case 'SESSION_STARTED':
      return { session: start(session, event), link }
    case 'SESSION_RENAMED':
      return { session: rename(session, event), link }
    case 'SESSION_BRANCHED':
      return { session: branch(session, event), link }
    case 'SESSION_RUN_LINKED':
      return linkRun(session, event)
    default:
      return { session: changeStatus(session, event), link }
  }
}

/** The type of an event says what became of the session; what the payload said is gone. */
function applyErased(before: SessionSummary, event: JournalEvent): SessionSummary {
  const session = { ...before, erasedTotal: (before.erasedTotal ?? 0) + 1 }
  if (event.type === 'SESSION_STARTED') return { ...session, startedAt: event.occurredAt }
  // The title that it gave is not known, and neither is one that came before it the title still.
  if (event.type === 'SESSION_RENAMED') return withoutTitle(session)
  if (event.type === 'SESSION_RUN_LINKED') return { ...session, runsLinked: session.runsLinked + 1 }
  return changeStatus(session, event)
}

function changeStatus(session: SessionSummary, event: JournalEvent): SessionSummary {
  if (event.type === 'SESSION_ARCHIVED')
    return { ...session, status: 'archived', archivedAt: event.occurredAt }
  if (event.type !== 'SESSION_RESET') return session
  const { archivedAt: _over, ...open } = session
  return { ...open, status: 'active', epoch: session.epoch + 1, resetAt: event.occurredAt }
}

/** A session of which only later events are known. */
function unborn(event: JournalEvent): SessionSummary {
  return {
    sessionId: event.stream.slice('session/'.length),
    status: 'active',
    branchState: 'root',
    sessionKey: '',
    principal: '',
    epoch: 1,
    branches: 0,
    runsLinked: 0,
    createdAt: event.occurredAt,
    updatedAt: event.occurredAt,
    lastSeq: event.seq,
    lastEventId: event.id,
    lastEventType: event.type,
    faults: [],
    faultsTotal: 0,
  }
}

function advance(session: SessionSummary, event: JournalEvent): SessionSummary {
  const { seq: lastSeq, id: lastEventId, type: lastEventType, occurredAt: updatedAt } = event
  return { ...session, lastSeq, lastEventId, lastEventType, updatedAt }
}

function flag(session: SessionSummary, event: JournalEvent, detail: string): SessionSummary {
  const faultsTotal = session.faultsTotal + 1
  if (session.faults.length >= FAULTS_KEPT_MAX) return { ...session, faultsTotal }
  const fault = { seq: event.seq, eventId: event.id, code: 'invalid-transition' as const, detail }
  return { ...session, faultsTotal, faults: [...session.faults, fault] }
}

function start(session: SessionSummary, event: JournalEvent): SessionSummary {
  const { title, ...named } = texts(event.data, ['sessionKey', 'principal', 'channel', 'title'])
  const titled = title === undefined ? {} : { title, titleBy: 'derived' as const }
  return { ...session, ...named, ...titled, startedAt: event.occurredAt }
}

function rename(session: SessionSummary, event: JournalEvent): SessionSummary {
  const { title } = texts(event.data, ['title'])
  if (title === undefined) return session
  return { ...session, title, titleBy: event.data['by'] === 'person' ? 'person' : 'derived' }
}

function withoutTitle({ title: _title, titleBy: _by, ...session }: SessionSummary): SessionSummary {
  return session
}

function branch(session: SessionSummary, event: JournalEvent): SessionSummary {
  const { parent: sessionId = '', fromRunId = '' } = texts(event.data, ['parent', 'fromRunId'])
  const branched = isOwnOrigin(event, session)
    ? { ...session, parent: { sessionId, fromRunId } }
    : { ...session, branches: session.branches + 1 }
  return { ...branched, branchState: branchStateOf(branched) }
}

function branchStateOf({
  parent,
  branches,
}: Pick<SessionSummary, 'parent' | 'branches'>): SessionSummary['branchState'] {
  if (parent === undefined) return branches === 0 ? 'root' : 'branch-source'
  return branches === 0 ? 'active-branch' : 'forked'
}

function linkRun(session: SessionSummary, event: JournalEvent): SessionState {
  const runId = linkedRunIdOf(event)
  if (runId === undefined) return { session, link: undefined }
  const link = { runId, linkedAt: event.occurredAt, linkedSeq: event.seq, epoch: session.epoch }
  return { session: { ...session, runsLinked: session.runsLinked + 1 }, link }
}
