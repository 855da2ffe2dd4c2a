import { type QueryExecutorProvider, sql } from 'kysely'

/** One stream of one tenant. */
export interface StreamKey {
  tenant: string
  stream: string
}

/** The seq that a stream had reached when the journal was at `position`; 0 before its first event. */
export async function findSeqAt(
  executor: QueryExecutorProvider,
  { tenant, stream, position }: StreamKey & { position: number },
): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select seq from journal.events where tenant = ${tenant} and stream = ${stream} and position <= ${position}
    order by seq desc limit 1`.execute(executor)
  return rows[0]?.seq ?? 0
}

/** Whether the stream has any event. */
export async function streamExists(
  executor: QueryExecutorProvider,
  { tenant, stream }: StreamKey,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from journal.events where tenant = ${tenant} and stream = ${stream} limit 1`.execute(executor)
  return rows.length > 0
}
