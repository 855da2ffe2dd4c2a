import { createHash } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@daybook/testing'
import { type MigrationSource, migrate, openDatabase } from '../src/index.ts'

/**
 * A database for a test that has the tables of these services already: a copy of one that the test run migrates once. In
 * PGlite it is empty, as `createTestDatabase` says; migrating it again is right in both.
 */
export function createMigratedDatabase(...sources: readonly MigrationSource[]): Promise<TestDatabase> {
  const digest = createHash('sha256').update(JSON.stringify(sources)).digest('hex')
  return createTestDatabase({
    name: `tables-${digest.slice(0, 16)}`,
    async fill(url) {
      await using database = openDatabase({ url, applicationName: 'test-template', poolMax: 1 })
      for (const source of sources) await migrate(database, source)
    },
  })
}
