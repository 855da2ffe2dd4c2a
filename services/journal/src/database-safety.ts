import { type Database, readDurability } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import type { Logger } from '@daybook/runtime'

/**
 * Refuses (`unsafe-configuration`) a Postgres that could lose what the journal has acknowledged. With `isAllowed` it
 * only says so, each time. Missing checksums lose nothing by themselves: they are told, not refused.
 */
export async function requireDurableDatabase<DB>(
  database: Database<DB>,
  { isAllowed, logger }: { isAllowed: boolean; logger: Logger },
): Promise<void> {
  const { faults, hasChecksums } = await readDurability(database)
  if (!hasChecksums) {
    logger.warn(
      {},
      'Postgres has no data checksums: a page that rots on the disk is read as if it were right; enable them with pg_checksums',
    )
  }
  if (faults.length === 0) return
  const found = faults.map(({ setting, value, wanted }) => `${setting} is ${value}, not ${wanted}`).join('; ')
  if (!isAllowed) {
    throw new DaybookError(
      'unsafe-configuration',
      `Postgres may lose events that were acknowledged: ${found}. Set it right, or start the journal with --unsafe-database (UNSAFE_DATABASE=true).`,
      { details: { faults } },
    )
  }
  logger.error(
    { faults },
    'UNSAFE: Postgres may lose events that were acknowledged; --unsafe-database allows it',
  )
}
