import {
  asJson,
  type FoldBounds,
  type FoundDifference,
  findMissingStream,
  firstDifference,
  journalReader,
  type PayloadArchive,
  type RowsVerification,
} from '@daybook/eventing'
import type { SessionSummary } from '@daybook/events'
import type { Transaction } from 'kysely'
import { type FreshSession, foldSessionAfresh } from './fold-afresh.ts'
import type { SessionKey } from './session-states.ts'
import { listLinks } from './store.ts'
import { findStrayLink, listStoredSessions, type StoredSession } from './verify-store.ts'

const SESSION_ROWS = { kind: 'session', table: 'sessions', column: 'session_id' }

/** How the rows of sessions and their links are compared with a fresh fold of the journal; see `verifyRows`. */
export function sessionsVerification<DB>(archive: PayloadArchive): RowsVerification<DB, StoredSession> {
  return {
    kind: 'session',
    none: { sessions: 0, links: 0, events: 0 },
    list: listStoredSessions,
    idOf: ({ sessionId }) => sessionId,
    async compare(trx, stored, { tenant, ...bounds }) {
      const key = { tenant, sessionId: stored.sessionId }
      const fold = await foldSessionAfresh(journalReader(trx, archive), { ...key, ...bounds })
      const counts = { sessions: 1, links: fold.links.size, events: fold.events }
      return { counts, difference: await compareSession(trx, fold, { key, stored }) }
    },
    compareWhole,
  }
}

async function compareSession<DB>(
  trx: Transaction<DB>,
  { session, links }: FreshSession,
  { key, stored: { document, columns } }: { key: SessionKey; stored: StoredSession },
): Promise<FoundDifference | undefined> {
  const expected = {
    session: session ?? null,
    columns: session === undefined ? null : columnsOf(session),
    links: [...links.values()],
  }
  const stored = { session: document, columns, links: await listLinks(trx, key) }
  const difference = firstDifference(asJson(expected), asJson(stored))
  return difference && { where: { sessionId: key.sessionId }, ...difference }
}

function columnsOf(session: SessionSummary): StoredSession['columns'] {
  const { status, principal, channel = null, parent, createdAt } = session
  return { status, principal, channel, parentId: parent?.sessionId ?? null, createdAt }
}

/** What no comparison of one session finds: sessions without a row, and links without a session. */
async function compareWhole<DB>(
  trx: Transaction<DB>,
  { tenant, position }: Omit<FoldBounds, 'seqMax'>,
): Promise<FoundDifference | undefined> {
  const missing = await findMissingStream(trx, { tenant, position, ...SESSION_ROWS })
  if (missing !== undefined) {
    return { where: { sessionId: missing }, path: '', expected: 'a session of the journal', stored: null }
  }
  const stray = await findStrayLink(trx, tenant)
  if (stray === undefined) return undefined
  return {
    where: { sessionId: stray },
    path: '',
    expected: null,
    stored: 'a link of a session that has no row',
  }
}
