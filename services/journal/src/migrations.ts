import { fileURLToPath } from 'node:url'
import type { MigrationSource } from '@daybook/database'

export const journalMigrations: MigrationSource = {
  service: 'journal',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
}
