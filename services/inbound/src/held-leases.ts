import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { Work } from './heads.ts'

/** A claim that may have been made before: its answer was lost. */
interface RepeatedClaim {
  readonly tenant: string
  readonly work: Work
  readonly claimId: string
  readonly worker: string
  readonly source?: string | undefined
  readonly account?: string | undefined
}

/** As many as one claim can get. */
const LEASES_MAX = 100

/** The conversations that a claim has got something of, by the read model. Whether it still has it, the conversation knows. */
export async function findHeldLanes<DB>(
  database: Database<DB>,
  { tenant, work, claimId, worker, source, account }: RepeatedClaim,
): Promise<string[]> {
  const lease = JSON.stringify({ claimId, worker })
  const isHeld =
    work === 'messages'
      ? sql`state = 'claimed' and document -> 'lease' @> ${lease}::jsonb`
      : sql`state = 'replying' and document -> 'replies' @> ${`[{"state":"claimed","lease":${lease}}]`}::jsonb`
  const filters = [
    sql`tenant = ${tenant}`,
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(account === undefined ? [] : [sql`account = ${account}`]),
    isHeld,
  ]
  const { rows } = await sql<{ lane: string }>`
    select distinct lane from inbound.messages where ${sql.join(filters, sql` and `)} limit ${LEASES_MAX}`.execute(
    database.kysely,
  )
  return rows.map(({ lane }) => lane)
}
