import { type QueryExecutorProvider, sql } from 'kysely'
import { type Changes, changesWithout } from '../messages/totals.ts'
import { type StateRow, toState } from './messages.ts'

/** Messages of which tenant and source. */
export interface SourceKey {
  readonly tenant: string
  readonly source: string
}

/** What may be too much of a source. */
export interface KeptSource extends SourceKey {
  /** Payloads that are kept, of messages in whatever state. */
  readonly withPayload: number
  /** How long ago the message was finished that was finished first; null where none is. */
  readonly finishedForSeconds: number | null
}

/** All sources of all tenants, in the generation that runs. */
export async function listSources(executor: QueryExecutorProvider): Promise<KeptSource[]> {
  const { rows } = await sql<KeptSource>`
    select place.tenant, place.source, place.total as "withPayload",
      extract(epoch from now() - oldest.finished_at)::double precision as "finishedForSeconds"
    from (
      select tenant, source, coalesce(sum(total) filter (where name = 'payloads'), 0)::bigint as total
      from inbound.totals group by tenant, source
    ) place left join lateral (
      select finished_at from inbound.messages
      where messages.tenant = place.tenant and messages.source = place.source and finished_at is not null
      order by finished_at limit 1
    ) oldest on true`.execute(executor)
  return rows
}

/** Takes the payloads of the messages that were finished first, `count` at most; answers what that changes of the totals. */
export async function evictPayloads(
  executor: QueryExecutorProvider,
  { tenant, source }: SourceKey,
  count: number,
): Promise<Changes> {
  const { rows } = await sql<{ account: string; evicted: number }>`
    with evicted as (
      update messages set payload = null, payload_bytes = 0
      where tenant = ${tenant} and key in (
        select key from messages
        where tenant = ${tenant} and source = ${source} and finished_at is not null and has_payload
        order by finished_at, key limit ${count})
      returning account
    )
    select account, count(*) as evicted from evicted group by account`.execute(executor)
  return rows.map(({ account, evicted }) => ({ tenant, source, account, name: 'payloads', by: -evicted }))
}

/** Removes messages that were finished longer ago than `retentionSeconds`, `count` at most; answers likewise. */
export async function removeFinished(
  executor: QueryExecutorProvider,
  { tenant, source }: SourceKey,
  { retentionSeconds, count }: { retentionSeconds: number; count: number },
): Promise<Changes> {
  const { rows } = await sql<StateRow>`
    delete from messages
    where tenant = ${tenant} and key in (
      select key from messages
      where tenant = ${tenant} and source = ${source}
        and finished_at < now() - make_interval(secs => ${retentionSeconds})
      order by finished_at, key limit ${count})
    returning tenant, lane, has_payload, document`.execute(executor)
  return changesWithout(rows.map(toState))
}
