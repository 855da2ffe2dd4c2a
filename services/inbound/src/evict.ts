import type { Database } from '@daybook/database'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { type RawBuilder, sql } from 'kysely'
import type { LaneCommands } from './commands.ts'
import { SWEEPER } from './sweeper.ts'

export interface EvictParts<DB> {
  readonly database: Database<DB>
  readonly commands: Pick<LaneCommands, 'execute'>
}

/** Some of them others have evicted or claimed meanwhile. */
const CANDIDATES = 64
/** As many as are evicted while the read model is behind, and more. */
const EVICTED_KEPT = 10_000

interface Candidate {
  key: string
  lane: string
}

/** Has the oldest pending message of a source die, which stays on record and can be requeued; false if there is none. */
export type EvictOldest = (which: { tenant: string; source: string }) => Promise<boolean>

/** What this instance has evicted is not tried again while the read model does not know of it. */
export function evictor<DB>(parts: EvictParts<DB>): EvictOldest {
  const evicted = new LeastRecentlyUsed<true>(EVICTED_KEPT)
  return async ({ tenant, source }) => {
    const author = { tenant, actor: SWEEPER }
    for (const { key, lane } of await oldestPending(parts.database, { tenant, source })) {
      const name = `${tenant} ${key}`
      if (evicted.get(name) === true) continue
      evicted.set(name, true)
      const { receipts } = await parts.commands.execute({ author, lane, wish: { name: 'evict', key } })
      if (receipts.length > 0) return true
    }
    return false
  }
}

/** One walk down the index for each account of the source, of which there are few. */
async function oldestPending<DB>(
  database: Database<DB>,
  { tenant, source }: { tenant: string; source: string },
): Promise<Candidate[]> {
  const first = (after: RawBuilder<unknown>): RawBuilder<unknown> => sql`
    select account from inbound.messages
    where tenant = ${tenant} and state = 'pending' and source = ${source} ${after} order by account limit 1`
  const { rows } = await sql<Candidate>`
    with recursive accounts (account) as (
      (${first(sql``)})
      union all
      select (${first(sql`and messages.account > accounts.account`)}) from accounts where accounts.account is not null
    )
    select oldest.key, oldest.lane from accounts
    cross join lateral (
      select key, lane, received_at from inbound.messages
      where tenant = ${tenant} and state = 'pending' and source = ${source} and account = accounts.account
      order by received_at, key limit ${CANDIDATES}
    ) oldest
    order by oldest.received_at limit ${CANDIDATES}`.execute(database.kysely)
  return rows
}
