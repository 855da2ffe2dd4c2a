import { sql, type Transaction } from 'kysely'
import type { Generation } from './generation.ts'
import { parkingStore } from './parking.ts'
import type { ProjectionSpec } from './projection-spec.ts'

/**
 * Two generations may leave out the same stream and share its dead letter. When one of them goes, letters of streams
 * that the other one leaves out too stay open; the rest are resolved, since nothing is left out for them any more.
 */
export async function settleParked<DB>(
  trx: Transaction<DB>,
  { spec, leaving, staying }: { spec: ProjectionSpec<DB>; leaving: Generation; staying: Generation },
): Promise<void> {
  await sql`
    delete from ${sql.table(`${leaving.tables}.parked_streams`)} gone
    using ${sql.table(`${staying.tables}.parked_streams`)} kept
    where gone.dead_letter_id = kept.dead_letter_id`.execute(trx)
  const { schema, name, kinds } = spec
  await parkingStore({ schema, name, kinds, version: leaving.version, tables: leaving.tables }).releaseAll(
    trx,
  )
}
