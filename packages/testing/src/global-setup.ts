import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres/start.ts'
import { dropTemplates } from './postgres/template.ts'
import { createTempFolder } from './temp-folder.ts'

const atTheEnd = new AsyncDisposableStack()

/** vitest calls this once, before any test file: all of them share one Postgres server, and what is made once. */
export async function setup(project: TestProject): Promise<void> {
  const madeOnce = atTheEnd.use(await createTempFolder())
  project.provide('daybookMadeOnce', madeOnce.path)
  const server = await startPostgres(process.env, { isInMemory: true })
  if (server) {
    atTheEnd.use(server)
    atTheEnd.defer(() => dropTemplates(server.adminUrl, madeOnce.path))
  }
  const origin = server?.origin ?? 'PGlite; tests that need a server are skipped'
  process.stderr.write(`Postgres for the tests: ${origin}\n`)
  project.provide(
    'daybookPostgres',
    server ? { kind: 'server', adminUrl: server.adminUrl } : { kind: 'pglite' },
  )
}

/** vitest calls this once, after all test files. */
export async function teardown(): Promise<void> {
  await atTheEnd.disposeAsync()
}
