import { sql } from 'kysely'
import type { Database } from './database.ts'

/** What the settings of a Postgres server are worth when the power fails. */
export interface Durability {
  /** Each setting that lets a commit that was answered be lost, or a page be torn, with what it would have to be. */
  faults: { setting: string; value: string; wanted: string }[]
  /** Whether a flipped bit in a page becomes an error instead of a wrong row. */
  hasChecksums: boolean
}

interface Settings {
  fsync: string
  full_page_writes: string
  synchronous_commit: string
  data_checksums: string
}

/**
 * Reads the settings as they hold for this very connection: `synchronous_commit` may differ by role and by database.
 * Any role may ask. Not for the embedded Postgres, whose settings say nothing about its disk.
 */
export async function readDurability<DB>(database: Database<DB>): Promise<Durability> {
  const { rows } = await sql<Settings>`
    select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit, current_setting('data_checksums') as data_checksums`.execute(
    database.kysely,
  )
  const [settings] = rows
  if (settings === undefined) throw new Error('the server answered nothing about its settings')
  // Each of the other values of synchronous_commit waits at least for the disk of this server.
  const faults = (['fsync', 'full_page_writes', 'synchronous_commit'] as const)
    .filter((setting) => settings[setting] === 'off')
    .map((setting) => ({ setting, value: settings[setting], wanted: 'on' }))
  return { faults, hasChecksums: settings.data_checksums === 'on' }
}
