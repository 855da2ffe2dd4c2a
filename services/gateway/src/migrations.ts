import { fileURLToPath } from 'node:url'
import type { MigrationSource } from '@daybook/database'

export const gatewayMigrations: MigrationSource = {
  service: 'gateway',
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
}
