import type { Database } from '@daybook/database'
import { journalReader, type Projection } from '@daybook/eventing'

export interface CatchUpParts<DB> {
  readonly database: Database<DB>
  readonly projection: Pick<Projection<unknown>, 'waitFor'>
}

/** Longer than any healthy lag, shorter than the patience of a caller. */
const CATCH_UP_MS = 2_000

/** Until the read model has what was journaled before this call, or that takes too long. */
export async function catchUp<DB>({ database, projection }: CatchUpParts<DB>): Promise<void> {
  const { position } = await journalReader(database.kysely).head()
  await projection.waitFor(position, CATCH_UP_MS)
}
