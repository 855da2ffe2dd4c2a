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

/** Up to where the rows of a snapshot are the fold of the events of sessions. */
export async function appliedPosition(executor: QueryExecutorProvider): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    select position from checkpoints where kind = 'session'`.execute(executor)
  return rows[0]?.position ?? 0
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

/** A session of the journal that has no row though it began at or before `position` and is not parked from its start. */
export async function findMissingSession(
  executor: QueryExecutorProvider,
  { tenant, position }: { tenant: string; position: number },
): Promise<string | undefined> {
  const { rows } = await sql<{ sessionId: string }>`
    select substr(journaled.stream, 9) as "sessionId" from journal.streams journaled
    where journaled.tenant = ${tenant} and starts_with(journaled.stream, 'session/')
      and journaled.first_position <= ${position}
      and not exists (
        select from sessions session
        where (session.tenant, session.session_id) = (journaled.tenant, substr(journaled.stream, 9)))
      and not exists (
        select from parked_streams parked
        where (parked.tenant, parked.stream) = (journaled.tenant, journaled.stream) and parked.seq = 1)
    limit 1`.execute(executor)
  return rows[0]?.sessionId
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
