import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'

/** What a source and account hold, by the names of the totals. */
export interface AccountTotals {
  source: string
  account: string
  totals: Partial<Record<string, number>>
  /** When the oldest pending message was received; null where none is. */
  oldestPendingAt: string | null
}

export interface StatsQuery {
  tenant: string
  source?: string
  account?: string
  limit: number
  after?: { source: string; account: string }
}

/** The totals of each source and account, in the order of their names. */
export async function listTotals(
  executor: QueryExecutorProvider,
  { tenant, source, account, limit, after }: StatsQuery,
): Promise<AccountTotals[]> {
  const conditions = [sql`tenant = ${tenant}`]
  if (source !== undefined) conditions.push(sql`source = ${source}`)
  if (account !== undefined) conditions.push(sql`account = ${account}`)
  if (after !== undefined) conditions.push(sql`(source, account) > (${after.source}, ${after.account})`)
  const { rows } = await sql<AccountTotals>`
    select source, account, totals,
      to_char(oldest.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "oldestPendingAt"
    from (
      select tenant, source, account, json_object_agg(name, total) filter (where total <> 0) as totals
      from totals where ${sql.join(conditions, sql` and `)}
      group by tenant, source, account order by source, account limit ${limit}
    ) place left join lateral (${oldestPendingIn(sql.table('messages'))}) oldest on true
    order by source, account`.execute(executor)
  return rows.map((row) => ({ ...row, totals: row.totals ?? {} }))
}

/** Of a `place`: one step down an index. */
function oldestPendingIn(messages: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select received_at from ${messages} messages
    where (messages.tenant, messages.source, messages.account) = (place.tenant, place.source, place.account)
      and state = 'pending' and state <> 'completed'
    order by received_at limit 1`
}

/** What all tenants hold of a source. */
export interface SourceTotal {
  source: string
  name: string
  total: number
}

/** In the generation that runs, as `listOldestAges`. */
export async function sumTotals(executor: QueryExecutorProvider): Promise<SourceTotal[]> {
  const { rows } = await sql<SourceTotal>`
    select source, name, sum(total)::bigint as total from inbound.totals group by source, name`.execute(
    executor,
  )
  return rows
}

/** By source, for how long the oldest pending message has been there. */
export async function listOldestAges(
  executor: QueryExecutorProvider,
): Promise<{ source: string; ageSeconds: number }[]> {
  const { rows } = await sql<{ source: string; ageSeconds: number }>`
    select place.source, extract(epoch from now() - min(oldest.received_at))::double precision as "ageSeconds"
    from (select tenant, source, account from inbound.totals where name = 'pending' and total > 0) place
    cross join lateral (${oldestPendingIn(sql.table('inbound.messages'))}) oldest
    group by place.source`.execute(executor)
  return rows
}
