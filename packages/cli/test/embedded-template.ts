import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { migrate, openEmbedded } from '@daybook/database'
import { madeOnce } from '@daybook/testing'
import { generationMigrations } from '../../eventing/src/shared-migrations.ts'

const execFileAsync = promisify(execFile)

const services = join(import.meta.dirname, '..', '..', '..', 'services')

/** The journal's make the roles of all. Whatever is not here the stack adds itself. */
const MIGRATED = ['journal', 'projection', 'gateway']
/** Each with a schema of its own for its read models. */
const WITH_GENERATIONS = ['inbound', 'cron']

/**
 * Puts an embedded Postgres, with the tables of the services and nothing in them, where a stack that was never started
 * will look for it. Making one takes four seconds of work, copying it next to none. That a stack makes it by itself is
 * told in e2e/embedded.test.ts.
 * @param data the data directory of the stack
 */
export async function copyEmptyPostgres(data: string): Promise<void> {
  const template = await madeOnce('embedded-postgres', async (folder) => {
    await using postgres = await openEmbedded(join(folder, 'postgres'))
    const directoryOf = (service: string) => join(services, service, 'migrations')
    for (const service of MIGRATED)
      await migrate(postgres.database(), { service, directory: directoryOf(service) })
    for (const service of WITH_GENERATIONS) {
      const shared = generationMigrations(service)
      await migrate(postgres.database(), { service, directory: directoryOf(service), shared })
    }
  })
  await mkdir(data, { recursive: true, mode: 0o700 })
  // The program: node's own `cp` takes half a second for the thousand files.
  await execFileAsync('cp', ['-R', join(template, 'postgres'), data])
}
