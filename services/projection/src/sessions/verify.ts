import { journalReader, type PayloadArchive, type Projection } from '@daybook/eventing'
import type { SessionSummary } from '@daybook/events'
import type { Transaction } from 'kysely'
import { asJson } from '../compare-run.ts'
import { type Difference, firstDifference } from '../difference.ts'
import { type FreshSession, foldSessionAfresh } from './fold-afresh.ts'
import type { SessionKey } from './session-states.ts'
import { listLinks } from './store.ts'
import {
  appliedPosition,
  findMissingSession,
  findStrayLink,
  listStoredSessions,
  type StoredSession,
} from './verify-store.ts'

/** What a part of a verification found. */
export interface SessionVerification {
  sessions: number
  links: number
  events: number
  /** The last session that was compared; undefined when there are no more. */
  next: string | undefined
  difference: (Difference & { sessionId: string }) | undefined
}

/** What is verified, and where archived payloads are. */
interface Verified<DB> {
  projection: Projection<DB>
  archive: PayloadArchive
}

/** Compared in one snapshot; a longer one would keep dead rows alive. */
const SESSIONS_PER_SNAPSHOT = 50

/**
 * Compares the rows of one tenant's sessions with a fresh fold of the journal, as `verifyRuns` does those of runs: until
 * it has worked for `workMs` or has found a difference.
 */
export async function verifySessions<DB>(
  verified: Verified<DB>,
  { tenant, after, workMs }: { tenant: string; after: string; workMs: number },
): Promise<SessionVerification> {
  const endAt = performance.now() + workMs
  const total: SessionVerification = { sessions: 0, links: 0, events: 0, next: after, difference: undefined }
  while (total.next !== undefined && total.difference === undefined && performance.now() < endAt) {
    const from = total.next
    const { value } = await verified.projection.read(tenant, (trx) =>
      verifyPage(verified, { trx, tenant, from }),
    )
    total.sessions += value.sessions
    total.links += value.links
    total.events += value.events
    total.next = value.next
    total.difference = value.difference
  }
  return total
}

interface PagePlace<DB> {
  trx: Transaction<DB>
  tenant: string
  from: string
}

async function verifyPage<DB>(
  { projection, archive }: Verified<DB>,
  { trx, tenant, from }: PagePlace<DB>,
): Promise<SessionVerification> {
  const position = await appliedPosition(trx)
  const page = await listStoredSessions(trx, { tenant, after: from, limit: SESSIONS_PER_SNAPSHOT })
  const next = page.at(-1)?.sessionId
  const found: SessionVerification = { sessions: 0, links: 0, events: 0, next, difference: undefined }
  for (const stored of page) {
    const key = { tenant, sessionId: stored.sessionId }
    const parked = await projection.parked.find(trx, { tenant, stream: `session/${stored.sessionId}` })
    const seqMax = (parked?.seq ?? Number.POSITIVE_INFINITY) - 1
    const fold = await foldSessionAfresh(journalReader(trx, archive), { ...key, position, seqMax })
    found.sessions += 1
    found.links += fold.links.size
    found.events += fold.events
    found.difference = await compareSession(trx, fold, { key, stored })
    if (found.difference !== undefined) return found
  }
  if (next === undefined) found.difference = await compareWhole(trx, tenant, position)
  return found
}

async function compareSession<DB>(
  trx: Transaction<DB>,
  { session, links }: FreshSession,
  { key, stored: { document, columns } }: { key: SessionKey; stored: StoredSession },
): Promise<SessionVerification['difference']> {
  const expected = {
    session: session ?? null,
    columns: session === undefined ? null : columnsOf(session),
    links: [...links.values()],
  }
  const stored = { session: document, columns, links: await listLinks(trx, key) }
  const difference = firstDifference(asJson(expected), asJson(stored))
  return difference && { sessionId: key.sessionId, ...difference }
}

function columnsOf(session: SessionSummary): StoredSession['columns'] {
  const { status, principal, channel = null, parent, createdAt } = session
  return { status, principal, channel, parentId: parent?.sessionId ?? null, createdAt }
}

/** What no comparison of one session finds: sessions without a row, and links without a session. */
async function compareWhole<DB>(
  trx: Transaction<DB>,
  tenant: string,
  position: number,
): Promise<SessionVerification['difference']> {
  const missing = await findMissingSession(trx, { tenant, position })
  if (missing !== undefined)
    return { sessionId: missing, path: '', expected: 'a session of the journal', stored: null }
  const stray = await findStrayLink(trx, tenant)
  if (stray === undefined) return undefined
  return { sessionId: stray, path: '', expected: null, stored: 'a link of a session that has no row' }
}
