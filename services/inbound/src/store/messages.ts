import { textRows } from '@daybook/eventing'
import type { InboundMessage } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { columnsOf } from '../messages/columns.ts'
import { type LaneKey, type MessageKey, type MessageState, nameOf } from '../messages/message-states.ts'

/** A row as it is read where the payload is not wanted. */
export interface StateRow {
  tenant: string
  lane: string
  has_payload: boolean
  document: InboundMessage
}

/** The stored ones of these messages. */
export async function loadMessages(
  executor: QueryExecutorProvider,
  keys: readonly MessageKey[],
): Promise<Map<string, MessageState>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<StateRow>`
    select message.* from ${textRows(
      keys.map(({ tenant }) => tenant),
      keys.map(({ key }) => key),
    )} as wanted (tenant, key)
    cross join lateral (
      select tenant, lane, has_payload, document from messages message
      where (message.tenant, message.key) = (wanted.tenant, wanted.key)
      limit 1 -- the key is unique; this makes the planner look each one up instead of reading the whole table
    ) message`.execute(executor)
  return new Map(rows.map(toState).map((state) => [nameOf(state.tenant, state.message.key), state]))
}

export function toState({
  tenant,
  lane,
  has_payload: hasPayload,
  document: message,
}: StateRow): MessageState {
  return { tenant, lane, message, hasPayload }
}

/** Messages of a conversation in the order of their keys, from behind one of them on. */
export async function listStates(
  executor: QueryExecutorProvider,
  { tenant, lane, after, limit }: LaneKey & { after: string; limit: number },
): Promise<MessageState[]> {
  const { rows } = await sql<StateRow>`
    select tenant, lane, has_payload, document from messages
    where tenant = ${tenant} and lane = ${lane} and key > ${after} order by key limit ${limit}`.execute(
    executor,
  )
  return rows.map(toState)
}

/**
 * Writes messages, new or not, in one statement. The payload is written with a new one only: what is stored of it stays as
 * it is, and is not even copied where it is large.
 */
export async function saveMessages(
  executor: QueryExecutorProvider,
  states: readonly MessageState[],
): Promise<void> {
  if (states.length === 0) return
  await sql`
    insert into messages (tenant, key, lane, source, account, conversation, message_id, state, lane_order, received_at,
      due_at, finished_at, updated_at, attempts, duplicates, reply_number, reply_order, reply_due_at, bytes,
      payload_bytes, payload, document)
    select tenant, key, lane, source, account, coalesce(conversation, ''), coalesce(message_id, ''), state,
      lane_order::bigint, received_at::timestamptz, due_at::timestamptz, finished_at::timestamptz,
      updated_at::timestamptz, attempts::integer, duplicates::integer, reply_number::integer, reply_order::bigint,
      reply_due_at::timestamptz, octet_length(document), coalesce(octet_length(payload), 0), payload::jsonb,
      document::jsonb
    from ${rowsOf(states)}
    on conflict (tenant, key) do update set
      conversation = excluded.conversation, message_id = excluded.message_id, state = excluded.state,
      lane_order = excluded.lane_order, due_at = excluded.due_at, finished_at = excluded.finished_at,
      updated_at = excluded.updated_at, attempts = excluded.attempts, duplicates = excluded.duplicates,
      reply_number = excluded.reply_number, reply_order = excluded.reply_order, reply_due_at = excluded.reply_due_at,
      bytes = excluded.bytes, document = excluded.document`.execute(executor)
}

/** As the statement above names the columns. */
function rowsOf(states: readonly MessageState[]): RawBuilder<unknown> {
  const rows = states.map(textsOf)
  const columns = Object.keys(rows[0] ?? {})
  const texts = columns.map((column) => rows.map((row) => row[column] ?? ''))
  return sql`${textRows(...texts)} as item (${sql.join(columns.map((column) => sql.ref(column)))})`
}

function textsOf({ tenant, lane, message }: MessageState): Readonly<Record<string, string>> {
  const { payload, ...document } = message
  const columns = columnsOf(message)
  return {
    tenant,
    key: message.key,
    lane,
    source: message.source,
    account: message.account,
    conversation: message.conversation,
    message_id: message.messageId,
    state: message.state,
    lane_order: String(message.order),
    received_at: message.receivedAt,
    due_at: columns.dueAt ?? '',
    finished_at: columns.finishedAt ?? '',
    updated_at: message.updatedAt,
    attempts: String(message.attempts),
    duplicates: String(message.duplicates),
    reply_number: String(columns.replyNumber ?? ''),
    reply_order: String(columns.replyOrder ?? ''),
    reply_due_at: columns.replyDueAt ?? '',
    payload: payload === undefined ? '' : JSON.stringify(payload),
    document: JSON.stringify(document),
  }
}

/** Takes payloads away. What else is known of the messages stays. */
export async function removePayloads(
  executor: QueryExecutorProvider,
  keys: readonly MessageKey[],
): Promise<void> {
  if (keys.length === 0) return
  await sql`
    update messages set payload = null, payload_bytes = 0
    where (tenant, key) in (select * from ${textRows(
      keys.map(({ tenant }) => tenant),
      keys.map(({ key }) => key),
    )})`.execute(executor)
}

/** Empties the read model, before it is built again from the journal. */
export async function resetMessages(executor: QueryExecutorProvider): Promise<void> {
  await sql`truncate messages, lanes, totals`.execute(executor)
}
