import { availableParallelism } from 'node:os'
import { Pool as ConnectionPool } from 'pg'

export interface Pool extends AsyncDisposable {
  pool: ConnectionPool
}

/**
 * Connections for this many callers: one each, but no more than eight for each core. With 64 callers on two cores,
 * 16 connections carried 5 to 30 % more events than 64 in every system measured here, and 8, 24 or 32 were no better
 * beyond the noise: so this is their best case.
 */
export function connectionsFor(callers: number): number {
  return Math.min(callers, 8 * availableParallelism())
}

/** A pool with all its connections open, so that none is opened while measuring. */
export async function openPool(url: string, connections: number, searchPath?: string): Promise<Pool> {
  const pool = new ConnectionPool({
    connectionString: url,
    max: connections,
    idleTimeoutMillis: 0,
    ...(searchPath && { options: `-c search_path=${searchPath}` }),
  })
  // Without a listener a connection that breaks while idle, as on Ctrl-C, would end the process before it has cleaned up.
  pool.on('error', () => undefined)
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  for (const client of clients) client.release()
  return { pool, [Symbol.asyncDispose]: () => pool.end() }
}

/** Runs one counting query, on a connection of its own. */
export async function countRows(url: string, query: string, values: readonly string[] = []): Promise<number> {
  await using database = await openPool(url, 1)
  const { rows } = await database.pool.query<{ count: string }>(query, [...values])
  return Number(rows[0]?.count)
}

/** Runs one statement, on a connection of its own. */
export async function runStatement(url: string, statement: string): Promise<void> {
  await using database = await openPool(url, 1)
  await database.pool.query(statement)
}
