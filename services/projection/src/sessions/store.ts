import { documentsOf, type Page, readPage } from '@daybook/eventing'
import type { LinkedRun, SessionSummary } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { type LinkKey, nameOf, type SessionKey, type SessionStates } from './session-states.ts'

/** A session with its key, by which pages go on. */
export interface SessionRow {
  tenant: string
  session_id: string
  document: SessionSummary
}

interface LinkRow {
  tenant: string
  session_id: string
  run_id: string
  document: LinkedRun
}

/** The stored ones of these sessions. */
export async function loadSessions(
  executor: QueryExecutorProvider,
  keys: readonly SessionKey[],
): Promise<SessionStates['sessions']> {
  const { rows } = await sql<SessionRow>`
    select session.* from unnest(
      ${keys.map(({ tenant }) => tenant)}::text[], ${keys.map(({ sessionId }) => sessionId)}::text[]
    ) as wanted (tenant, session_id)
    cross join lateral (
      select tenant, session_id, document from sessions session
      where (session.tenant, session.session_id) = (wanted.tenant, wanted.session_id)
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole table
    ) session`.execute(executor)
  return new Map(
    rows.map(({ tenant, session_id: sessionId, document: session }) => [
      nameOf({ tenant, sessionId }),
      { tenant, sessionId, session },
    ]),
  )
}

/** The stored ones of these links. */
export async function loadLinks(
  executor: QueryExecutorProvider,
  keys: readonly LinkKey[],
): Promise<SessionStates['links']> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<LinkRow>`
    select link.* from unnest(
      ${keys.map(({ tenant }) => tenant)}::text[],
      ${keys.map(({ sessionId }) => sessionId)}::text[],
      ${keys.map(({ runId }) => runId)}::text[]
    ) as wanted (tenant, session_id, run_id)
    cross join lateral (
      select tenant, session_id, run_id, document from session_runs link
      where (link.tenant, link.session_id, link.run_id) = (wanted.tenant, wanted.session_id, wanted.run_id)
      limit 1 -- as above
    ) link`.execute(executor)
  return new Map(
    rows.map(({ tenant, session_id: sessionId, run_id: runId, document: link }) => [
      nameOf({ tenant, sessionId, runId }),
      { tenant, sessionId, runId, link },
    ]),
  )
}

/** Writes sessions, new or not, in one statement. */
export async function saveSessions(
  executor: QueryExecutorProvider,
  sessions: readonly (SessionKey & { session: SessionSummary })[],
): Promise<void> {
  if (sessions.length === 0) return
  await sql`
    insert into sessions (tenant, session_id, status, principal, channel, parent_id, created_at, bytes, document)
    select tenant, document->>'sessionId', document->>'status', document->>'principal', document->>'channel',
      document->'parent'->>'sessionId', (document->>'createdAt')::timestamptz, bytes, document
    from ${documentsOf(sessions, ({ tenant, session }) => [tenant, session])}
    on conflict (tenant, session_id) do update set
      status = excluded.status, principal = excluded.principal, channel = excluded.channel,
      parent_id = excluded.parent_id, created_at = excluded.created_at, bytes = excluded.bytes,
      document = excluded.document`.execute(executor)
}

/** Writes links, new or not, in one statement. */
export async function saveLinks(
  executor: QueryExecutorProvider,
  links: readonly (LinkKey & { link: LinkedRun })[],
): Promise<void> {
  if (links.length === 0) return
  const documents = documentsOf(links, ({ tenant, sessionId, link }) => [tenant, { ...link, sessionId }])
  await sql`
    insert into session_runs (tenant, session_id, run_id, linked_seq, bytes, document)
    select tenant, document->>'sessionId', document->>'runId', (document->>'linkedSeq')::bigint, bytes,
      document - 'sessionId'
    from ${documents}
    on conflict (tenant, session_id, run_id) do update set
      linked_seq = excluded.linked_seq, bytes = excluded.bytes, document = excluded.document`.execute(
    executor,
  )
}

/** Removes all links of a session. */
export async function removeLinks(
  executor: QueryExecutorProvider,
  { tenant, sessionId }: SessionKey,
): Promise<void> {
  await sql`delete from session_runs where tenant = ${tenant} and session_id = ${sessionId}`.execute(executor)
}

/** Empties the read model of sessions, before it is built again from the journal. */
export async function resetSessions(executor: QueryExecutorProvider): Promise<void> {
  await sql`truncate sessions, session_runs`.execute(executor)
}

/** The session, or undefined if there is none. */
export async function findSession(
  executor: QueryExecutorProvider,
  { tenant, sessionId }: SessionKey,
): Promise<SessionSummary | undefined> {
  const { rows } = await sql<{ document: SessionSummary }>`
    select document from sessions where tenant = ${tenant} and session_id = ${sessionId}`.execute(executor)
  return rows[0]?.document
}

/** The runs that were linked to a session, in the order in which they were. */
export async function listLinks(
  executor: QueryExecutorProvider,
  { tenant, sessionId }: SessionKey,
): Promise<LinkedRun[]> {
  const { rows } = await sql<{ document: LinkedRun }>`
    select document from session_runs where tenant = ${tenant} and session_id = ${sessionId}
    order by linked_seq`.execute(executor)
  return rows.map(({ document }) => document)
}

/** Where a page of sessions ended. */
export interface SessionsCursor {
  createdAt: string
  sessionId: string
}

export interface SessionsQuery {
  tenant: string
  status?: SessionSummary['status']
  principal?: string
  channel?: string
  parent?: string
  limit: number
  before?: SessionsCursor
}

/** Sessions, newest first. */
export async function listSessions(
  executor: QueryExecutorProvider,
  query: SessionsQuery,
): Promise<Page<SessionRow>> {
  const { tenant, status, principal, channel, parent, before, limit } = query
  const conditions = [
    sql`tenant = ${tenant}`,
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(principal === undefined ? [] : [sql`principal = ${principal}`]),
    ...(channel === undefined ? [] : [sql`channel = ${channel}`]),
    ...(parent === undefined ? [] : [sql`parent_id = ${parent}`]),
    ...(before === undefined
      ? []
      : [sql`(created_at, session_id) < (${before.createdAt}::timestamptz, ${before.sessionId})`]),
  ]
  return readPage<SessionRow>(executor, {
    select: sql`select * from sessions where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`created_at desc, session_id desc`,
    limit,
  })
}
