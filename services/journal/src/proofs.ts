import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { consistencyRanges, type InclusionProof } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import { SealedTree } from './store/sealed-tree.ts'
import type { JournalTables } from './store/tables.ts'
import { findLastCheckpoint, type SealedCheckpoint } from './store/tree.ts'

/** That an event is under the newest checkpoint. */
export interface EventProof {
  id: string
  position: number
  hash: string
  proof: InclusionProof
  /** The signed note into which it leads. */
  checkpoint: string
}

/** The newest checkpoint. Code: not-found. */
export async function getCheckpoint(executor: QueryExecutorProvider): Promise<SealedCheckpoint> {
  const checkpoint = await findLastCheckpoint(executor)
  if (checkpoint !== undefined) return checkpoint
  throw new DaybookError(
    'not-found',
    'There is no checkpoint yet. The sealer makes one a minute after the first event.',
  )
}

/** Codes: not-found (the tenant has no such event, or there is no checkpoint), not-sealed. */
export async function proveEvent(
  database: Database<JournalTables>,
  tenant: string,
  id: string,
): Promise<EventProof> {
  return database.asTenant(tenant, async (trx) => {
    const { rows } = await sql<{ position: number; hash: string }>`
      select e.position, encode(e.hash, 'hex') as hash
      from journal.event_ids i join journal.events e using (position)
      where i.tenant = ${tenant} and i.id = ${id}`.execute(trx)
    const [event] = rows
    if (event === undefined) throw new DaybookError('not-found', `There is no event ${id}.`)
    const checkpoint = await getCheckpoint(trx)
    if (event.position > checkpoint.size) throw notSealed(event.position, checkpoint.size)
    const [proof] = await new SealedTree(trx, checkpoint).prove([event.position])
    if (proof === undefined) throw new Error('one position has one proof')
    return { id, ...event, proof, checkpoint: checkpoint.note }
  })
}

/** That the tree over `to` events begins with that over `from`. Codes: invalid-request, not-found, not-sealed. */
export async function proveConsistency(
  database: Database<JournalTables>,
  tenant: string,
  { from, to }: { from: number; to?: number },
): Promise<{ from: number; to: number; hashes: string[] }> {
  return database.asTenant(tenant, async (trx) => {
    const checkpoint = await getCheckpoint(trx)
    const end = to ?? checkpoint.size
    if (end > checkpoint.size || from > checkpoint.size) throw notSealed(Math.max(from, end), checkpoint.size)
    if (from > end) throw new DaybookError('invalid-request', '`from` is not above `to`.')
    const hashes = await new SealedTree(trx, checkpoint).hashes(consistencyRanges(from, end))
    return { from, to: end, hashes }
  })
}

function notSealed(position: number, size: number): DaybookError {
  return new DaybookError(
    'not-sealed',
    `The newest checkpoint covers ${size} events, and this is position ${position}. Ask again in a minute.`,
    { details: { size } },
  )
}
