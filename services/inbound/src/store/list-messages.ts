import type { JsonValue } from '@daybook/errors'
import { type Page, readPage } from '@daybook/eventing'
import { type InboundMessage, laneOf } from '@daybook/events'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { MessageKey } from '../messages/message-states.ts'

/** A row as it is read for a person. */
export interface MessageRow {
  lane: string
  /** JSON's null is a payload too, so `has_payload` tells whether there is one. */
  payload: JsonValue
  has_payload: boolean
  document: Omit<InboundMessage, 'payload'>
}

/** Where a page of messages ended. */
export interface MessagesCursor {
  receivedAt: string
  key: string
}

export interface MessagesFilter {
  state?: InboundMessage['state']
  source?: string
  account?: string
  conversation?: string
}

export interface MessagesQuery extends MessagesFilter {
  tenant: string
  limit: number
  before?: MessagesCursor
}

/** Its `bytes` are what a page counts. */
const columns = sql`lane, payload, has_payload, document, received_at, key, bytes + payload_bytes as bytes`

/** Where a page goes on that ended here. */
export function cursorAt({ document: { receivedAt, key } }: MessageRow): MessagesCursor {
  return { receivedAt, key }
}

/** Messages, newest first. */
export async function listMessages(
  executor: QueryExecutorProvider,
  query: MessagesQuery,
): Promise<Page<MessageRow>> {
  const { before, limit } = query
  const conditions = conditionsOf(query)
  if (before !== undefined)
    conditions.push(sql`(received_at, key) < (${before.receivedAt}::timestamptz, ${before.key})`)
  return readPage<MessageRow>(executor, {
    select: sql`select ${columns} from messages where ${sql.join(conditions, sql` and `)}`,
    orderBy: sql`received_at desc, key desc`,
    limit,
  })
}

/** A whole conversation is found by its lane, also after its name was erased. */
function conditionsOf({
  tenant,
  state,
  source,
  account,
  conversation,
}: MessagesQuery): RawBuilder<unknown>[] {
  const conditions = [sql`tenant = ${tenant}`]
  if (state !== undefined) conditions.push(sql`state = ${state}`)
  // Said in so many words, it lets the planner use the index of what is not completed.
  if (state !== undefined && state !== 'completed') conditions.push(sql`state <> 'completed'`)
  if (source !== undefined) conditions.push(sql`source = ${source}`)
  if (account !== undefined) conditions.push(sql`account = ${account}`)
  if (conversation === undefined) return conditions
  const isWhole = source !== undefined && account !== undefined
  conditions.push(
    isWhole ? sql`lane = ${laneOf({ source, account, conversation })}` : sql`conversation = ${conversation}`,
  )
  return conditions
}

/** The message, or undefined if there is none. */
export async function findMessage(
  executor: QueryExecutorProvider,
  { tenant, key }: MessageKey,
): Promise<MessageRow | undefined> {
  const { rows } = await sql<MessageRow>`
    select ${columns} from messages where tenant = ${tenant} and key = ${key}`.execute(executor)
  return rows[0]
}
