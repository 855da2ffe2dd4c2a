import type { SessionSummary } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'

/** A row of `sessions` with the columns that repeat parts of the document. */
export interface StoredSession {
  sessionId: string
  columns: {
    status: string
    principal: string
    channel: string | null
    parentId: string | null
    createdAt: string
  }
  document: SessionSummary
}

/** Sessions in the order of their ids, from behind one of them on. */
export async function listStoredSessions(
  executor: QueryExecutorProvider,
  { tenant, after, limit }: { tenant: string; after: string; limit: number },
): Promise<StoredSession[]> {
  const { rows } = await sql<StoredSession>`
    select session_id as "sessionId", document, json_build_object(
      'status', status, 'principal', principal, 'channel', channel, 'parentId', parent_id,
      'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as columns
    from sessions where tenant = ${tenant} and session_id > ${after} order by session_id limit ${limit}`.execute(
    executor,
  )
  return rows
}

/** A session to which runs were linked and which has no row of its own. */
export async function findStrayLink(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ sessionId: string }>`
    select session_id as "sessionId" from session_runs link
    where tenant = ${tenant}
      and not exists (
        select from sessions session
        where (session.tenant, session.session_id) = (link.tenant, link.session_id))
    limit 1`.execute(executor)
  return rows[0]?.sessionId
}
