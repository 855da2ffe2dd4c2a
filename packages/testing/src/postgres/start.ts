import { Client } from 'pg'
import { startDockerPostgres } from './docker.ts'
import { type LocalPostgresOptions, startLocalPostgres } from './local.ts'
import type { PostgresServer } from './offer.ts'

/**
 * The Postgres server of a test run or benchmark: the one that DATABASE_URL names, else one in Docker, else a cluster of
 * its own by an installed Postgres. Undefined where there is none of these.
 * @param options of a cluster of its own
 */
export async function startPostgres(
  env: NodeJS.ProcessEnv = process.env,
  options: LocalPostgresOptions = {},
): Promise<PostgresServer | undefined> {
  const url = env['DATABASE_URL']
  if (url) return givenPostgres(url)
  return (await startDockerPostgres(env)) ?? (await startLocalPostgres(options))
}

async function givenPostgres(url: string): Promise<PostgresServer> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
  } catch (cause) {
    throw new Error('DATABASE_URL is set but does not answer: start that server, or unset it', { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
  return { origin: 'DATABASE_URL', adminUrl: url, [Symbol.asyncDispose]: async () => undefined }
}
