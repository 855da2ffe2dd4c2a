import { textRows } from '@daybook/eventing'
import { placeOfLane } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { LaneEnd } from '../messages/message-states.ts'

/**
 * Writes up to where conversations are applied, and whose turn it is in each, in one statement, after their messages. Both
 * heads are one step down an index for each state, however long a conversation is.
 */
export async function saveLanes(executor: QueryExecutorProvider, lanes: readonly LaneEnd[]): Promise<void> {
  if (lanes.length === 0) return
  const places = lanes.map(({ lane }) => placeOfLane(lane))
  await sql`
    insert into lanes (tenant, lane, source, account, seq, last_event_id, head_key, head_order, head_due_at,
      reply_key, reply_number, reply_order, reply_due_at)
    select touched.tenant, touched.lane, coalesce(touched.source, ''), coalesce(touched.account, ''),
      touched.seq::bigint, touched.last_event_id, head.key, head.lane_order, head.due_at,
      reply.key, reply.reply_number, reply.reply_order, reply.reply_due_at
    from ${textRows(
      lanes.map(({ tenant }) => tenant),
      lanes.map(({ lane }) => lane),
      places.map((place) => place?.source ?? ''),
      places.map((place) => place?.account ?? ''),
      lanes.map(({ seq }) => String(seq)),
      lanes.map(({ lastEventId }) => lastEventId),
    )} as touched (tenant, lane, source, account, seq, last_event_id)
    left join lateral (
      select * from (
        (${firstOf('pending')}) union all (${firstOf('claimed')})
      ) waiting order by lane_order limit 1
    ) head on true
    left join lateral (${firstOf('replying')}) reply on true
    on conflict (tenant, lane) do update set
      seq = excluded.seq, last_event_id = excluded.last_event_id,
      head_key = excluded.head_key, head_order = excluded.head_order, head_due_at = excluded.head_due_at,
      reply_key = excluded.reply_key, reply_number = excluded.reply_number, reply_order = excluded.reply_order,
      reply_due_at = excluded.reply_due_at`.execute(executor)
}

/**
 * The first message of the lane in a state. The replies of an earlier one were queued before those of a later one, so the
 * first replying message has the first reply, too.
 */
function firstOf(state: 'pending' | 'claimed' | 'replying') {
  const hasReply = state === 'replying' ? sql`and reply_number is not null` : sql``
  return sql`
    select key, lane_order, due_at, reply_number, reply_order, reply_due_at from messages
    where messages.tenant = touched.tenant and messages.lane = touched.lane and state = ${sql.lit(state)} ${hasReply}
    order by lane_order limit 1`
}
