import type { Database } from '@daybook/database'
import { type RawBuilder, sql } from 'kysely'
import type { Head, Work } from './heads.ts'

/** A head with what an offer tells of it. */
export interface DueHead extends Head {
  readonly source: string
  readonly account: string
  readonly conversation: string
  readonly messageId: string
  /** When the message was sent, as far as that is known; by it a message gets stale. */
  readonly sentAt: string
  /** Of the reply, where it is one. */
  readonly reply: number | null
  readonly state: 'pending' | 'claimed'
  readonly attempts: number
}

/** A place in the order in which heads are due. */
export interface DuePlace {
  readonly dueAt: string
  readonly tenant: string
  readonly lane: string
}

/** Which heads: due after a place and up to an instant. */
export interface DueQuery {
  readonly work: Work
  readonly after: DuePlace
  readonly until: string
  readonly limit: number
  /** All tenants unless told, and all sources. */
  readonly tenant?: string | undefined
  readonly source?: string | undefined
}

/** Before every other one. */
export const FIRST_PLACE: DuePlace = { dueAt: '-infinity', tenant: '', lane: '' }

const instant = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Of lanes called `lane`, joined to their messages. */
const HEADS = {
  messages: {
    dueAt: sql.ref('lane.head_due_at'),
    select: sql`
      select lane.tenant, 'messages' as work, lane.lane, lane.seq, message.key, ${instant(sql.ref('lane.head_due_at'))} as "dueAt",
        message.source, message.account, message.conversation, message.message_id as "messageId", ${sentAt()} as "sentAt",
        null::integer as reply, message.state, message.attempts`,
    join: sql`join inbound.messages message on message.tenant = lane.tenant and message.key = lane.head_key`,
  },
  replies: {
    dueAt: sql.ref('lane.reply_due_at'),
    select: sql`
      select lane.tenant, 'replies' as work, lane.lane, lane.seq, message.key, ${instant(sql.ref('lane.reply_due_at'))} as "dueAt",
        message.source, message.account, message.conversation, message.message_id as "messageId", ${sentAt()} as "sentAt",
        lane.reply_number as reply, reply ->> 'state' as state, (reply ->> 'attempts')::integer as attempts`,
    join: sql`
      join inbound.messages message on message.tenant = lane.tenant and message.key = lane.reply_key
      join jsonb_array_elements(message.document -> 'replies') reply on (reply ->> 'reply')::integer = lane.reply_number`,
  },
} as const satisfies Record<Work, object>

function sentAt(): RawBuilder<unknown> {
  return sql`coalesce(message.document ->> 'eventTime', message.document ->> 'receivedAt')`
}

/** Heads in the order in which they are due, those that are waiting and those whose lease has run out. */
export async function readDueHeads<DB>(database: Database<DB>, query: DueQuery): Promise<DueHead[]> {
  const { work, after, until, limit, tenant, source } = query
  const { dueAt, select, join } = HEADS[work]
  const filters = [
    sql`${dueAt} between ${after.dueAt}::timestamptz and ${until}::timestamptz`,
    sql`(${dueAt}, lane.tenant, lane.lane) > (${after.dueAt}::timestamptz, ${after.tenant}, ${after.lane})`,
    ...(tenant === undefined ? [] : [sql`lane.tenant = ${tenant}`]),
    ...(source === undefined ? [] : [sql`lane.source = ${source}`]),
  ]
  const { rows } = await sql<DueHead>`
    ${select} from inbound.lanes lane ${join}
    where ${work === 'messages' ? sql`lane.head_key` : sql`lane.reply_key`} is not null and ${sql.join(filters, sql` and `)}
    order by ${dueAt}, lane.tenant, lane.lane limit ${limit}`.execute(database.kysely)
  return rows
}

/** How many are due up to an instant. */
export async function countDueHeads<DB>(
  database: Database<DB>,
  { work, until, tenant, source }: Omit<DueQuery, 'after' | 'limit'>,
): Promise<number> {
  const filters = [
    sql`${HEADS[work].dueAt} <= ${until}::timestamptz`,
    ...(tenant === undefined ? [] : [sql`lane.tenant = ${tenant}`]),
    ...(source === undefined ? [] : [sql`lane.source = ${source}`]),
  ]
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from inbound.lanes lane where ${sql.join(filters, sql` and `)}`.execute(
    database.kysely,
  )
  return rows[0]?.total ?? 0
}

/** Up to which event a conversation is in the read model, and its heads. */
export interface LaneNow {
  readonly tenant: string
  readonly lane: string
  readonly seq: number
  readonly heads: readonly DueHead[]
}

/** Some conversations as the read model has them; those that it does not know are left out. */
export async function readLanes<DB>(
  database: Database<DB>,
  lanes: readonly { tenant: string; lane: string }[],
): Promise<LaneNow[]> {
  const wanted = sql`unnest(${lanes.map(({ tenant }) => tenant)}::text[], ${lanes.map(({ lane }) => lane)}::text[])`
  const { rows } = await sql<LaneNow>`
    select lane.tenant, lane.lane, lane.seq,
      coalesce(jsonb_agg(head.value) filter (where head.value is not null), '[]') as heads
    from ${wanted} as wanted (tenant, lane)
    join inbound.lanes lane on lane.tenant = wanted.tenant and lane.lane = wanted.lane
    left join lateral (${headsAsJson('messages')} union all ${headsAsJson('replies')}) as head (value) on true
    group by lane.tenant, lane.lane, lane.seq`.execute(database.kysely)
  return rows
}

function headsAsJson(work: Work): RawBuilder<unknown> {
  const { select, join } = HEADS[work]
  return sql`select to_jsonb(head) from (${select} from (select lane.*) lane ${join}) head`
}

/** When the next head is due after an instant; undefined if none is. */
export async function nextDueAt<DB>(database: Database<DB>, after: string): Promise<string | undefined> {
  const least = (work: Work): RawBuilder<unknown> => sql`
    (select min(${HEADS[work].dueAt}) from inbound.lanes lane where ${HEADS[work].dueAt} > ${after}::timestamptz
      and ${work === 'messages' ? sql`lane.head_key` : sql`lane.reply_key`} is not null)`
  const { rows } = await sql<{ dueAt: string | null }>`
    select ${instant(sql`least(${least('messages')}, ${least('replies')})`)} as "dueAt"`.execute(
    database.kysely,
  )
  return rows[0]?.dueAt ?? undefined
}
