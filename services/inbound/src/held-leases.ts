import type { Database } from '@daybook/database'
import { LeastRecentlyUsed } from '@daybook/runtime'
import { sql } from 'kysely'
import type { Work } from './heads.ts'

/** A claim that may have been made before. */
interface RepeatedClaim {
  readonly tenant: string
  readonly work: Work
  readonly claimId: string
  readonly worker: string
  readonly source?: string
  readonly account?: string
}

/** Finds what a repeated claim has got before: its answer was lost. */
export interface HeldLeases {
  /** The conversations that it was given something of. Whether it still has it, the conversation knows. */
  find(claim: RepeatedClaim): Promise<readonly string[]>
  note(claim: Pick<RepeatedClaim, 'tenant' | 'work' | 'claimId'>, lane: string): void
}

/** Claims of some minutes. Who did not get an answer asks again within seconds. */
const CLAIMS_KEPT = 20_000
/** As many as one claim can get. */
const LEASES_MAX = 100

/**
 * This instance remembers what it gave; what others gave is in the read model, among the leases that are held now, as soon as
 * that has it. Who asks another instance sooner may get other messages; the first ones then run out.
 */
export function heldLeases<DB>(database: Database<DB>): HeldLeases {
  const known = new LeastRecentlyUsed<readonly string[]>(CLAIMS_KEPT)
  return {
    find: async (claim) => known.get(nameOf(claim)) ?? findHeld(database, claim),
    note(claim, lane) {
      const lanes = known.get(nameOf(claim)) ?? []
      if (!lanes.includes(lane)) known.set(nameOf(claim), [...lanes, lane])
    },
  }
}

async function findHeld<DB>(
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

function nameOf({ tenant, work, claimId }: Pick<RepeatedClaim, 'tenant' | 'work' | 'claimId'>): string {
  return `${work} ${tenant} ${claimId}`
}
