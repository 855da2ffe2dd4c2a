import type { JsonValue } from '@daybook/errors'
import type { InboundMessage } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { LaneKey } from '../messages/message-states.ts'

/** A row of `messages` with the columns that repeat parts of the document. */
export interface StoredMessage {
  key: string
  columns: Readonly<Record<string, string | number | null>>
  document: InboundMessage
  payload: JsonValue
  has_payload: boolean
}

/** A row of `lanes`. */
export interface StoredLane {
  lane: string
  columns: Readonly<Record<string, string | number | null>>
}

const instant = (column: string): RawBuilder<unknown> =>
  sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Lanes in the order of their names, from behind one of them on. */
export async function listStoredLanes(
  executor: QueryExecutorProvider,
  { tenant, after, limit }: { tenant: string; after: string; limit: number },
): Promise<StoredLane[]> {
  const { rows } = await sql<StoredLane>`
    select lane, json_build_object(
      'source', source, 'account', account, 'seq', seq, 'lastEventId', last_event_id,
      'headKey', head_key, 'headOrder', head_order, 'headDueAt', ${instant('head_due_at')},
      'replyKey', reply_key, 'replyNumber', reply_number, 'replyOrder', reply_order,
      'replyDueAt', ${instant('reply_due_at')}) as columns
    from lanes where tenant = ${tenant} and lane > ${after} order by lane limit ${limit}`.execute(executor)
  return rows
}

/** Messages of a conversation in the order of their keys, from behind one of them on. */
export async function listStoredMessages(
  executor: QueryExecutorProvider,
  { tenant, lane, after, limit }: LaneKey & { after: string; limit: number },
): Promise<StoredMessage[]> {
  const { rows } = await sql<StoredMessage>`
    select key, document, payload, has_payload, json_build_object(
      'source', source, 'account', account, 'conversation', conversation, 'messageId', message_id, 'state', state,
      'order', lane_order, 'receivedAt', ${instant('received_at')}, 'updatedAt', ${instant('updated_at')},
      'attempts', attempts, 'duplicates', duplicates, 'dueAt', ${instant('due_at')},
      'finishedAt', ${instant('finished_at')}, 'replyNumber', reply_number, 'replyOrder', reply_order,
      'replyDueAt', ${instant('reply_due_at')}) as columns
    from messages where tenant = ${tenant} and lane = ${lane} and key > ${after} order by key limit ${limit}`.execute(
    executor,
  )
  return rows
}

/** A message whose conversation has no row. */
export async function findStrayMessage(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ key: string }>`
    select key from messages
    where tenant = ${tenant}
      and not exists (select from lanes where (lanes.tenant, lanes.lane) = (messages.tenant, messages.lane))
    limit 1`.execute(executor)
  return rows[0]?.key
}

/**
 * A total that is not what the rows come to. Those that are found in documents alone, of conflicts and replies, are left
 * out: to read all documents takes longer than one statement may.
 */
export async function findWrongTotal(
  executor: QueryExecutorProvider,
  tenant: string,
): Promise<{ source: string; account: string; name: string; expected: number; stored: number } | undefined> {
  const { rows } = await sql<{
    source: string
    account: string
    name: string
    expected: number
    stored: number
  }>`
    with counted as materialized (
      select source, account, state, count(*) as messages, count(*) filter (where has_payload) as payloads,
        sum(attempts) as attempts, sum(duplicates) as duplicates
      from messages where tenant = ${tenant} group by source, account, state
    ), expected as (
      select source, account, state as name, messages as total from counted
      union all
      select source, account, name, sum(total) from counted, lateral (
        values ('payloads', payloads), ('attempts', attempts), ('duplicates', duplicates)
      ) as value (name, total) group by source, account, name
    ), stored as (
      select source, account, name, total from totals
      where tenant = ${tenant} and name <> 'conflicts' and not starts_with(name, 'reply-')
    )
    select source, account, name, coalesce(expected.total, 0)::bigint as expected, coalesce(stored.total, 0) as stored
    from expected full join stored using (source, account, name)
    where coalesce(expected.total, 0) <> coalesce(stored.total, 0) limit 1`.execute(executor)
  return rows[0]
}
