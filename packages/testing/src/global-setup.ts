import type { TestProject } from 'vitest/node'
import type { PostgresServer } from './postgres/offer.ts'
import { startPostgres } from './postgres/start.ts'

let server: PostgresServer | undefined

/** vitest calls this once, before any test file: all of them share one Postgres server. */
export async function setup(project: TestProject): Promise<void> {
  server = await startPostgres()
  const origin = server?.origin ?? 'PGlite; tests that need a server are skipped'
  process.stderr.write(`Postgres for the tests: ${origin}\n`)
  project.provide(
    'daybookPostgres',
    server ? { kind: 'server', adminUrl: server.adminUrl } : { kind: 'pglite' },
  )
}

/** vitest calls this once, after all test files. */
export async function teardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]()
}
