import {
  evolveSession,
  type JournalEvent,
  type LinkedRun,
  linkedRunIdOf,
  parseStream,
  type SessionSummary,
} from '@daybook/events'

/** Which session; ids of sessions are unique within a tenant. */
export interface SessionKey {
  tenant: string
  sessionId: string
}

/** The link of which run to which session. */
export interface LinkKey extends SessionKey {
  runId: string
}

/** Sessions and links by the names of their keys. */
export interface SessionStates {
  sessions: Map<string, SessionKey & { session: SessionSummary }>
  links: Map<string, LinkKey & { link: LinkedRun }>
}

/** The key of a map. No text of an event can hold a NUL, so two keys never make the same name. */
export function nameOf(key: SessionKey | LinkKey): string {
  return [key.tenant, key.sessionId, 'runId' in key ? key.runId : ''].join('\u0000')
}

/** The session whose stream the event is in. */
export function sessionKeyOf(event: JournalEvent): SessionKey {
  return { tenant: event.tenant, sessionId: parseStream(event.stream).id }
}

/** The link that the event makes, if it makes one. */
export function linkKeyOf(event: JournalEvent): LinkKey | undefined {
  const runId = linkedRunIdOf(event)
  return runId === undefined ? undefined : { ...sessionKeyOf(event), runId }
}

/** What the events make of the states that were stored: the sessions and links to be written back. */
export function evolveStates(stored: SessionStates, events: Iterable<JournalEvent>): SessionStates {
  const changed: SessionStates = { sessions: new Map(), links: new Map() }
  for (const event of events) {
    const sessionKey = sessionKeyOf(event)
    const linkKey = linkKeyOf(event)
    const sessionName = nameOf(sessionKey)
    const linkName = linkKey === undefined ? '' : nameOf(linkKey)
    const { session, link } = evolveSession(
      {
        session: (changed.sessions.get(sessionName) ?? stored.sessions.get(sessionName))?.session,
        link: (changed.links.get(linkName) ?? stored.links.get(linkName))?.link,
      },
      event,
    )
    if (session !== undefined) changed.sessions.set(sessionName, { ...sessionKey, session })
    if (link !== undefined && linkKey !== undefined) changed.links.set(linkName, { ...linkKey, link })
  }
  return changed
}
