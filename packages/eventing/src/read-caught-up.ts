import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Transaction } from 'kysely'
import { journalReader } from './journal-reader.ts'
import type { Projection } from './projection-spec.ts'

/** Longer than any healthy lag, shorter than the patience of a caller. */
const CATCH_UP_MS = 2_000

export interface CaughtUpParts<DB> {
  projection: Projection<DB>
  database: Pick<Database<DB>, 'kysely'>
}

/**
 * Reads what has to be there. What was journaled a moment ago may not be in the read model yet, so after `not-found` that
 * catches up and is read once more. Codes: those of `find`; `position-not-reached` if it stays behind, with `advice`.
 */
export async function readCaughtUp<DB, T>(
  { projection, database }: CaughtUpParts<DB>,
  { tenant, advice }: { tenant: string; advice: string },
  find: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  try {
    return (await projection.read(tenant, find)).value
  } catch (error) {
    if (!(error instanceof DaybookError) || error.code !== 'not-found') throw error
  }
  const { position } = await journalReader(database.kysely).head()
  if (await projection.waitFor(position, CATCH_UP_MS)) return (await projection.read(tenant, find)).value
  throw new DaybookError('position-not-reached', `The read model is behind. ${advice}`, {
    details: { position: projection.position },
  })
}
