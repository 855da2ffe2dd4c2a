import type { Database } from '@daybook/database'
import { type RawBuilder, sql } from 'kysely'

/** What workers do: they work on messages, or they send replies. */
export type Work = 'messages' | 'replies'

/** Which work somebody wants to do. */
export interface WorkFilter {
  readonly tenant: string
  readonly work: Work
  readonly source?: string | undefined
  /** Of a source only. */
  readonly account?: string | undefined
}

/** Whose turn it is in a conversation, as the read model had it after the event `seq`. */
export interface Head {
  readonly tenant: string
  readonly work: Work
  readonly lane: string
  readonly seq: number
  readonly key: string
  /** ISO 8601: when it is, or was, to be taken up: its next attempt, or the end of its lease. */
  readonly dueAt: string
}

const COLUMNS = {
  messages: { key: sql.ref('head_key'), dueAt: sql.ref('head_due_at') },
  replies: { key: sql.ref('reply_key'), dueAt: sql.ref('reply_due_at') },
} as const

const instant = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * The heads that are due, oldest first: one walk down an index, however many there are. They are of one tenant by what is
 * asked: this is read for many callers at once, and not as one of them.
 */
export async function dueHeads<DB>(
  database: Database<DB>,
  { tenant, work, source, account }: WorkFilter,
  limit: number,
): Promise<Head[]> {
  const { key, dueAt } = COLUMNS[work]
  const filters = [
    sql`tenant = ${tenant}`,
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(account === undefined ? [] : [sql`account = ${account}`]),
    sql`${key} is not null`,
    sql`${dueAt} <= clock_timestamp()`,
  ]
  const { rows } = await sql<Omit<Head, 'work'>>`
    select tenant, lane, seq, ${key} as key, ${instant(dueAt)} as "dueAt" from inbound.lanes
    where ${sql.join(filters, sql` and `)} order by ${dueAt} limit ${limit}`.execute(database.kysely)
  return rows.map((row) => ({ ...row, work }))
}
