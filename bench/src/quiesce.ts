import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { waitFor } from '@daybook/testing'
import { openPool } from './append/pool.ts'

/** Autovacuum of some millions of rows takes half a minute here. */
const QUIET_WITHIN_MS = 180_000

/**
 * Waits until the server has done what the rounds before left to do: the journal's tables are vacuumed and analysed, no
 * autovacuum runs, and the gigabytes that all the peers wrote are on the disk, so that no sync waits behind them. A rate
 * that is offered is about latency at an ordinary load; on two cores the vacuum of millions of rows would be most of
 * what it measures. The closed loops need no such thing: there everyone bears the same.
 */
export async function quiesce(journalUrl: string, signal: AbortSignal): Promise<void> {
  await using database = await openPool(journalUrl, 1)
  await database.pool.query('vacuum (analyze)')
  const workers = `select count(*)::int as n from pg_stat_activity where backend_type = 'autovacuum worker'`
  await waitFor(
    async () => {
      signal.throwIfAborted()
      const { rows } = await database.pool.query<{ n: number }>(workers)
      return rows[0]?.n === 0
    },
    { timeoutMs: QUIET_WITHIN_MS, what: 'the end of autovacuum' },
  )
  await database.pool.query('checkpoint')
  await promisify(execFile)('sync')
}
