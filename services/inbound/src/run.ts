import { readFile } from 'node:fs/promises'
import { DaybookError } from '@daybook/errors'
import { migrateService, runService } from '@daybook/eventing'
import type { Environment } from '@daybook/runtime'
import type { InboundConfig } from './config.ts'
import { inboundMigrations, openInbound } from './service.ts'

/**
 * Serves until the signal aborts. `environment` has the secrets that the file of sources names as variables. Errors:
 * `invalid-usage` for a file of sources that cannot be read.
 */
export async function runInbound(
  config: InboundConfig,
  { signal, environment }: { signal: AbortSignal; environment: Environment },
): Promise<void> {
  const sources = await readSourcesFile(config)
  await runService('inbound', { config, signal }, (parts) => openInbound({ ...parts, sources, environment }))
}

/** Brings the tables of inbound messages up to date; run it as their owner, after the journal's. */
export async function migrateInbound(config: InboundConfig): Promise<void> {
  await migrateService(config, inboundMigrations)
}

async function readSourcesFile({ SOURCES_FILE: file }: InboundConfig): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new DaybookError('invalid-usage', `SOURCES_FILE names ${file}, which cannot be read.`, { cause })
  }
}
