import type { Database } from '@daybook/database'
import { sql } from 'kysely'
import type { DeadLetterStatus, Decision } from '../dead-letter.ts'
import type { JournalTables } from './tables.ts'

/** One decision about one letter, to be written down. */
export interface Settlement {
  tenant: string
  id: string
  decision: Decision
  /** The statuses it may follow. */
  from: readonly DeadLetterStatus[]
}

export type Outcome =
  | { action: 'dismissed' }
  /** `isResolved`: accepted already. An event has yet to be taken up by its projection. */
  | { action: 'requeued'; isResolved: boolean }
  /** Tried, and refused again: it is open. */
  | { action: 'refused'; code: string; detail: string }

/** Writes the decision and what came of it; false if the letter has another status by now. */
export async function settleDeadLetter(
  database: Database<JournalTables>,
  { tenant, id, decision, from }: Settlement,
  outcome: Outcome,
): Promise<boolean> {
  const isRefused = outcome.action === 'refused'
  const change = isRefused
    ? sql`status = 'open', occurrences = occurrences + 1, last_seen_at = now(), code = ${outcome.code},
        detail = ${outcome.detail}`
    : sql`status = ${outcome.action},
        resolved_at = case when ${outcome.action === 'requeued' && outcome.isResolved} then now() end`
  return database.transaction(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      with settled as (
        update journal.dead_letters set ${change}
        where tenant = ${tenant} and id = ${id} and status = any(${from}::text[]) returning id, tenant
      )
      insert into journal.dead_letter_decisions (dead_letter_id, tenant, action, outcome, actor_kind, actor_id, reason)
      select id, tenant, ${isRefused ? 'requeued' : outcome.action}, ${isRefused ? outcome.code : null}::text,
        ${decision.actor.kind}, ${decision.actor.id}, ${decision.reason}
      from settled returning dead_letter_id as id`.execute(trx)
    return rows.length === 1
  })
}
