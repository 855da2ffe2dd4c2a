import { type LeftOutEvent, noArchive, type PayloadArchive, stretchesOf } from '@daybook/eventing'
import { type JournalEvent, sessionErasureOf } from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { refoldSession } from './refold.ts'
import {
  evolveStates,
  type LinkKey,
  linkKeyOf,
  nameOf,
  type SessionKey,
  sessionKeyOf,
} from './session-states.ts'
import { loadLinks, loadSessions, saveLinks, saveSessions } from './store.ts'

/**
 * Applies events of sessions to the read model, four statements for a batch. The projection's checkpoint moves in the same
 * transaction, so a batch that is delivered again changes nothing. A session of which payloads were erased is folded anew.
 */
export async function whenSessionsChanged(
  trx: QueryExecutorProvider,
  events: readonly JournalEvent[],
  archive: PayloadArchive = noArchive,
): Promise<void> {
  for (const stretch of stretchesOf(events, (event) => sessionErasureOf(event) !== undefined)) {
    await refoldSession(trx, { event: stretch[0] }, archive)
    await evolveSessions(trx, stretch)
  }
}

/** What was erased goes from the read model at once, also from a session that is left out from some later event on. */
export async function whenParkedSessionsChanged(
  trx: QueryExecutorProvider,
  leftOut: readonly LeftOutEvent[],
  archive: PayloadArchive = noArchive,
): Promise<void> {
  for (const one of leftOut) await refoldSession(trx, one, archive)
}

async function evolveSessions(trx: QueryExecutorProvider, events: readonly JournalEvent[]): Promise<void> {
  const sessionKeys = new Map<string, SessionKey>()
  const linkKeys = new Map<string, LinkKey>()
  for (const event of events) {
    const sessionKey = sessionKeyOf(event)
    sessionKeys.set(nameOf(sessionKey), sessionKey)
    const linkKey = linkKeyOf(event)
    if (linkKey !== undefined) linkKeys.set(nameOf(linkKey), linkKey)
  }
  const stored = {
    sessions: await loadSessions(trx, [...sessionKeys.values()]),
    links: await loadLinks(trx, [...linkKeys.values()]),
  }
  const changed = evolveStates(stored, events)
  await saveSessions(trx, [...changed.sessions.values()])
  await saveLinks(trx, [...changed.links.values()])
}
