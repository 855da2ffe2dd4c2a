import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Pool } from 'pg'
import { asUnavailable, failureOf } from './failure.ts'

/** Five tries with full jitter outlast any conflict between a handful of instances. */
const ATTEMPTS_MAX = 5
const BACKOFF_BASE_MS = 10

/** One service's view of the database. Closing it closes its connections. */
export interface Database<DB> extends AsyncDisposable {
  readonly kysely: Kysely<DB>
  /**
   * Runs `work` in a transaction (read committed). A lost race (SQLSTATE 40001, 40P01, 55P03) runs it again, reads
   * included, up to five times; so `work` must have no effect outside the database.
   * Throws `unavailable` when the database cannot be reached; after a broken commit the outcome is unknown.
   */
  transaction<T>(work: (trx: Transaction<DB>) => Promise<T>): Promise<T>
  /**
   * Runs one statement by itself, as a transaction of its own, under a name by which each connection keeps its plan:
   * for the few statements of a hot path, whose planning would cost more than their work. One name, one text.
   * Errors as of `transaction`, without another try.
   */
  prepared<Row>(name: string, statement: RawBuilder<Row>): Promise<Row[]>
  /**
   * Runs read-only `work` in one snapshot as the role `daybook_reader`, where row-level security shows the rows of
   * `tenant` only, even to a query that forgot to ask.
   */
  asTenant<T>(tenant: string, work: (trx: Transaction<DB>) => Promise<T>): Promise<T>
}

async function withRetry<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run()
    } catch (error) {
      if (failureOf(error) !== 'conflict' || attempt === ATTEMPTS_MAX) throw asUnavailable(error)
      await delay(Math.random() * BACKOFF_BASE_MS * 2 ** attempt)
    }
  }
}

/** Builds the view over a Kysely instance and the pool below it; `close` ends what the view holds. */
export function databaseOver<DB>(
  kysely: Kysely<DB>,
  { pool, keepsPlans }: { pool: Pool; keepsPlans: boolean },
  close: () => Promise<void>,
): Database<DB> {
  return {
    kysely,
    async prepared<Row>(name: string, statement: RawBuilder<Row>) {
      const { sql: text, parameters } = statement.compile(kysely)
      try {
        const { rows } = await pool.query<Row & object>({
          ...(keepsPlans && { name }),
          text,
          values: [...parameters],
        })
        return rows
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    transaction: (work) => withRetry(() => kysely.transaction().execute(work)),
    asTenant: (tenant, work) =>
      withRetry(() =>
        kysely
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(async (trx) => {
            await sql`
              select set_config('role', 'daybook_reader', true), set_config('daybook.tenant', ${tenant}, true)`.execute(
              trx,
            )
            return work(trx)
          }),
      ),
    [Symbol.asyncDispose]: close,
  }
}
