import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Database, databaseOver } from './database.ts'
import { numericTypes } from './open.ts'

/** A Postgres inside this process. All views share its single session, so a transaction must never wait for another one. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** A view for one service. Disposing a view leaves the server running. */
  database<DB>(): Database<DB>
  /** Frees dead rows and refreshes the planner's statistics: an embedded Postgres has no background process for that. */
  maintain(): Promise<void>
}

/**
 * Opens (or creates) an embedded Postgres with pgvector in `dataDir`; `memory://` keeps it in memory.
 * One process at a time may have a directory open.
 */
export async function openEmbedded(dataDir: string): Promise<EmbeddedPostgres> {
  // Loaded here because servers that run against a real Postgres are installed without it.
  const [{ PGlite }, { vector }, { createPgConfig }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite-pgvector'),
    import('@electric-sql/pglite/node-postgres'),
  ])
  const server = await PGlite.create({ dataDir, extensions: { vector } })
  const config = createPgConfig(server)
  const pool = new pg.Pool(Object.assign(config, { max: config.poolSize, types: numericTypes }))
  return {
    database: <DB>() =>
      // Without statistics, which nothing gathers here by itself, a plan that is kept may become a bad one.
      databaseOver(
        new Kysely<DB>({ dialect: new PostgresDialect({ pool }) }),
        { pool, keepsPlans: false },
        async () => {},
      ),
    async maintain() {
      await pool.query('vacuum (analyze)')
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
      await server.close()
    },
  }
}
