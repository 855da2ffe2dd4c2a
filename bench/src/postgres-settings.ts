import { DaybookError } from '@daybook/errors'
import { openPool } from './append/pool.ts'

/** The settings that decide what an acknowledged append is worth and what it costs. */
const settingNames = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
] as const

export type PostgresSettings = Record<(typeof settingNames)[number], string>

/** Errors: `unsafe-configuration` when the server acknowledges what a power cut would lose. */
export async function readSettings(url: string): Promise<PostgresSettings> {
  await using database = await openPool(url, 1)
  const columns = settingNames.map((name) => `current_setting('${name}') as ${name}`)
  const { rows } = await database.pool.query<PostgresSettings>(`select ${columns.join(', ')}`)
  const [settings] = rows
  if (settings?.fsync === 'on' && settings.synchronous_commit === 'on') return settings
  throw new DaybookError(
    'unsafe-configuration',
    'This Postgres runs with fsync or synchronous_commit off, so its figures mean nothing. Turn both on.',
  )
}
