import { fileURLToPath } from 'node:url'
import type { SharedMigrations } from '@daybook/database'

/**
 * What a service with read models has in the database besides its own tables: its role, its schema, and the generations
 * of its projections with their functions. Its own migrations come after these, and after the journal's. `schema` is the
 * service's name; its role is `daybook_<schema>`.
 */
export function generationMigrations(schema: string): SharedMigrations {
  return {
    name: 'generations',
    directory: fileURLToPath(new URL('../migrations', import.meta.url)),
    words: { schema, role: `daybook_${schema}` },
  }
}
