import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { describe, inject, it } from 'vitest'
import type { PostgresOffer } from './postgres/offer.ts'
import { type DatabaseContent, templateWith } from './postgres/template.ts'

/** A database of its own. Disposing drops it, with whoever is still connected. */
export interface TestDatabase extends AsyncDisposable {
  /** 'pglite' where no server could be found: then there is no URL, and PGlite (`memory://`) takes its place. */
  readonly kind: 'server' | 'pglite'
  /** As its owner, a superuser unless DATABASE_URL names another. */
  readonly url: string | undefined
}

/**
 * Makes a database on the Postgres of this test run. Only inside vitest.
 * @param content what it holds from its beginning, on a server; by default, and in PGlite, nothing
 */
export async function createTestDatabase(content?: DatabaseContent): Promise<TestDatabase> {
  const offer: PostgresOffer = inject('daybookPostgres')
  if (offer.kind === 'pglite') {
    return { kind: 'pglite', url: undefined, [Symbol.asyncDispose]: async () => undefined }
  }
  const { adminUrl } = offer
  return createDatabase(adminUrl, content && (await templateWith(content, () => createDatabase(adminUrl))))
}

/**
 * Makes a database of random name on a server.
 * @param adminUrl of any database there, as a user that may create others
 * @param template the name of the database that it is a copy of; by default it is empty. Nobody may be connected to that
 *   one, as nobody ever is to template0; several may copy it at the same time.
 */
export async function createDatabase(
  adminUrl: string,
  template = 'template0',
): Promise<TestDatabase & { readonly url: string }> {
  const name = `daybook_test_${randomBytes(8).toString('hex')}`
  await runSql(adminUrl, `create database ${name} template ${template} encoding 'UTF8'`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return {
    kind: 'server',
    url: url.href,
    async [Symbol.asyncDispose]() {
      await runSql(adminUrl, `drop database if exists ${name} with (force)`)
    },
  }
}

/** A test that needs several real connections. Where the run has only PGlite it is skipped, by name. */
export function itWithServer(name: string, test: () => unknown, timeoutMs?: number): void {
  const define = hasServer() ? it : it.skip
  define(name, async () => void (await test()), timeoutMs)
}

/** Tests that need several real connections. Where the run has only PGlite they are skipped, by name. */
export function describeWithServer(name: string, tests: () => void): void {
  const define = hasServer() ? describe : describe.skip
  define(name, tests)
}

function hasServer(): boolean {
  return inject('daybookPostgres').kind === 'server'
}

/** Runs one statement over a connection of its own, past everything that Daybook does with its connections. */
export async function runSql(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, application_name: 'daybook-testing' })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement)
    return rows
  } finally {
    await client.end()
  }
}
