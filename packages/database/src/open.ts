import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Database, databaseOver } from './database.ts'

/** How to reach a Postgres server. */
export interface DatabaseConfig {
  /** `postgres://user:password@host:port/database` */
  url: string
  /** Shown in `pg_stat_activity`. */
  applicationName: string
  /** Connections at most. The measured best on two cores is about 16 over all services together. */
  poolMax?: number
  /** A statement that takes longer is cancelled. 0 = never. */
  statementTimeoutMs?: number
  /** Server settings of each connection, besides `SETTINGS`. Not for secrets. */
  settings?: Readonly<Record<string, string>>
  /** Told of a connection that broke; the pool replaces it by itself. */
  onBroken?: (error: Error) => void
}

const POOL_MAX = 8
/** Longer than any query of a healthy service, shorter than a client's patience. */
const STATEMENT_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000
/** A transaction that forgets to end would hold locks that others wait for. */
const IDLE_IN_TRANSACTION_MS = 10_000

/**
 * Our statements take some milliseconds; to compile one takes a hundred, and the planner, which guesses, would have it done
 * for each page.
 */
const SETTINGS = { jit: 'off' }

/** Positions and sequence numbers stay below 2^53, so that a plain number is exact. */
export const numericTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
}

/** Opens a pool of connections. It connects at first use and replaces broken connections; dispose it to close. */
export function openDatabase<DB>(config: DatabaseConfig): Database<DB> {
  const pool = new pg.Pool({
    connectionString: config.url,
    application_name: config.applicationName,
    max: config.poolMax ?? POOL_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: config.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    options: Object.entries({ ...SETTINGS, ...config.settings })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    keepAlive: true,
    types: numericTypes,
  })
  // An error event that nobody listens to ends the process. The pool tells of connections that break while they are
  // idle; one that breaks between two statements of a transaction tells only itself, and the next statement fails.
  pool.on('error', (error) => config.onBroken?.(error))
  pool.on('connect', (client) => client.on('error', (error) => config.onBroken?.(error)))
  const kysely = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
  return databaseOver(kysely, { pool, keepsPlans: true }, async () => {
    await kysely.destroy()
    // Kysely ends a pool only if it has used it; a view that ran nothing but prepared statements is not known to it.
    if (!pool.ended) await pool.end()
  })
}
