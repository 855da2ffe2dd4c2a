import { DaybookError } from '@daybook/errors'
import type { SessionCommand, SessionDecision } from './command.ts'
import type { LinkedRun, SessionSummary } from './summary.ts'

/** What deciding needs to know of a session. */
export interface SessionToDecide {
  readonly session: SessionSummary | undefined
  /** At least the run that the command names, if it was linked. */
  readonly links: ReadonlyMap<string, LinkedRun>
}

/**
 * The events that make a command true. None when it is true already: whoever did not get an answer gives the same command
 * again. No event is decided that `evolveSession` would flag. Throws `invalid-transition`, which tells the state, and
 * `not-found` for a session that was never started.
 */
export function decideSession(state: SessionToDecide, command: SessionCommand): readonly SessionDecision[] {
  const { session } = state
  const isStarted = session?.startedAt !== undefined
  if (command.name === 'start') return isStarted ? [] : [{ type: 'SESSION_STARTED', data: command.data }]
  if (command.name === 'branch') return branch(isStarted ? session : undefined, command)
  if (!isStarted)
    throw new DaybookError('not-found', 'There is no such session. POST /v1/sessions/resolve starts one.')
  switch (command.name) {
    case 'rename':
      return rename(session, command.data)
    case 'reset':
      return reset(session, command)
    case 'archive':
      return session.status === 'archived' ? [] : [{ type: 'SESSION_ARCHIVED', data: command.data }]
    case 'link':
      return link({ session, links: state.links }, command.data)
    default:
      return command satisfies never
  }
}

/** A derived title is a suggestion: what a person said stays, and that is no error. */
function rename(
  { title, titleBy }: SessionSummary,
  data: Extract<SessionCommand, { name: 'rename' }>['data'],
): SessionDecision[] {
  if (data.by === 'derived' && titleBy === 'person') return []
  return data.title === title && data.by === titleBy ? [] : [{ type: 'SESSION_RENAMED', data }]
}

/** Told in both streams at once, so that neither session ever knows of a branching that the other does not. */
function branch(
  session: SessionSummary | undefined,
  { started, branched }: Extract<SessionCommand, { name: 'branch' }>,
): SessionDecision[] {
  if (session === undefined) {
    return [
      { type: 'SESSION_STARTED', data: started },
      { type: 'SESSION_BRANCHED', data: branched },
      { type: 'SESSION_BRANCHED', data: branched, stream: `session/${branched.parent}` },
    ]
  }
  const { parent } = session
  if (parent?.sessionId === branched.parent && parent.fromRunId === branched.fromRunId) return []
  throw refusal(session, 'it was started before, and not as this branch; name another key')
}

/** A reset that names the epoch may come again, when that epoch is over. */
function reset(
  session: SessionSummary,
  { data, epoch = session.epoch }: Extract<SessionCommand, { name: 'reset' }>,
): SessionDecision[] {
  return session.epoch > epoch ? [] : [{ type: 'SESSION_RESET', data }]
}

function link(
  { session, links }: SessionToDecide & { session: SessionSummary },
  data: Extract<SessionCommand, { name: 'link' }>['data'],
): SessionDecision[] {
  if (links.has(data.runId)) return []
  if (session.status === 'archived')
    throw refusal(session, 'it is archived; reset it to go on with it in a new epoch')
  return [{ type: 'SESSION_RUN_LINKED', data }]
}

function refusal({ sessionId, status, epoch, lastSeq }: SessionSummary, why: string): DaybookError {
  return new DaybookError('invalid-transition', `The session ${sessionId} does not allow it: ${why}.`, {
    details: { sessionId, status, epoch, lastSeq },
  })
}
