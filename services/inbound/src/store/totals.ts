import { textRows } from '@daybook/eventing'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Changes } from '../messages/totals.ts'

/** Adds to the totals, in one statement. */
export async function addToTotals(executor: QueryExecutorProvider, changes: Changes): Promise<void> {
  if (changes.length === 0) return
  await sql`
    insert into totals as stored (tenant, source, account, name, total)
    select tenant, coalesce(source, ''), coalesce(account, ''), name, by::bigint from ${textRows(
      changes.map(({ tenant }) => tenant),
      changes.map(({ source }) => source),
      changes.map(({ account }) => account),
      changes.map(({ name }) => name),
      changes.map(({ by }) => String(by)),
    )} as change (tenant, source, account, name, by)
    on conflict (tenant, source, account, name) do update set total = stored.total + excluded.total`.execute(
    executor,
  )
}

/** What a source holds. */
export interface Entries {
  /** Pending, claimed or replying: something is still to be done, and not by a person. */
  readonly unfinished: number
  /** Payloads that are kept, of messages in whatever state: what `maxEntries` bounds. */
  readonly withPayload: number
}

/** Cheap enough to be asked every second: it reads some rows for each account. */
export async function entriesOf(
  executor: QueryExecutorProvider,
  { tenant, source }: { tenant: string; source: string },
): Promise<Entries> {
  const { rows } = await sql<Entries>`
    select coalesce(sum(total) filter (where name <> 'payloads'), 0)::bigint as unfinished,
      coalesce(sum(total) filter (where name = 'payloads'), 0)::bigint as "withPayload"
    from totals
    where tenant = ${tenant} and source = ${source} and name in ('pending', 'claimed', 'replying', 'payloads')`.execute(
    executor,
  )
  return rows[0] ?? { unfinished: 0, withPayload: 0 }
}
