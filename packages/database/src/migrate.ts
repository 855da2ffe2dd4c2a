import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Migrations are plain SQL files `NNNN_verb_object.sql`, applied in order of their names, each in its own transaction,
 * never edited once applied (a checksum tells) and never undone.
 * A file whose first line is `-- no-transaction` runs outside one, for statements such as `create index concurrently`.
 */
export interface MigrationSource {
  /** Whose migrations these are; each service counts its own. */
  service: string
  /** The folder with the files. */
  directory: string
}

interface Migration {
  name: string
  text: string
  checksum: string
}

interface Applied {
  name: string
  checksum: string
}

const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/
const NO_TRANSACTION = '-- no-transaction'
/** Any number, as long as every instance of Daybook uses the same: it keeps two migrators apart. */
const ADVISORY_LOCK = 7_400_001

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/** Which migrations still have to run. Throws `migration-failed` if the database is newer or a file was edited. */
function pendingOf(service: string, files: Migration[], applied: Applied[]): Migration[] {
  const checksums = new Map(files.map((file) => [file.name, file.checksum]))
  for (const { name, checksum } of applied) {
    const ours = checksums.get(name)
    if (ours === undefined) {
      throw new DaybookError(
        'migration-failed',
        `The database has migration ${service}/${name}, which this version of Daybook does not know. Run the newer version.`,
      )
    }
    if (ours !== checksum) {
      throw new DaybookError(
        'migration-failed',
        `Migration ${service}/${name} was edited after it had been applied. Restore the file and put the change into a new one.`,
      )
    }
  }
  const done = new Set(applied.map(({ name }) => name))
  return files.filter(({ name }) => !done.has(name))
}

async function listApplied<DB>(kysely: Kysely<DB>, service: string): Promise<Applied[]> {
  const { rows } =
    await sql<Applied>`select name, checksum from daybook.migrations where service = ${service}`.execute(
      kysely,
    )
  return rows
}

async function prepareTable<DB>(kysely: Kysely<DB>): Promise<void> {
  await kysely.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(trx)
    await sql`create schema if not exists daybook`.execute(trx)
    await sql`
      create table if not exists daybook.migrations (
        service    text        not null,
        name       text        not null,
        checksum   text        not null,
        applied_at timestamptz not null default now(),
        primary key (service, name)
      )`.execute(trx)
    // Every service looks here at its start whether the schema is the one it was built for.
    await sql`grant usage on schema daybook to public`.execute(trx)
    await sql`grant select on daybook.migrations to public`.execute(trx)
  })
}

async function record<DB>(
  kysely: Kysely<DB>,
  service: string,
  { name, checksum }: Migration,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into daybook.migrations (service, name, checksum) values (${service}, ${name}, ${checksum})
    on conflict do nothing`.execute(kysely)
  return numAffectedRows === 1n
}

async function apply<DB>(kysely: Kysely<DB>, service: string, migration: Migration): Promise<void> {
  if (migration.text.startsWith(NO_TRANSACTION)) {
    await sql.raw(migration.text).execute(kysely)
    await record(kysely, service, migration)
    return
  }
  await kysely.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(trx)
    // The row goes in first: whoever loses the race to another migrator does nothing.
    if (await record(trx, service, migration)) await sql.raw(migration.text).execute(trx)
  })
}

/**
 * Roles belong to all databases of a cluster. One that the migration of another database is making at this moment can
 * neither be found nor made, and when that one has committed, this transaction still takes it for missing. The next one
 * sees it.
 */
async function applyBesideOthers<DB>(
  kysely: Kysely<DB>,
  service: string,
  migration: Migration,
): Promise<void> {
  try {
    await apply(kysely, service, migration)
  } catch (error) {
    if (!isUndefinedObject(error)) throw error
    await apply(kysely, service, migration)
  }
}

/** SQLSTATE 42704: a role, or another object, that is not there. */
function isUndefinedObject(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42704'
}

/**
 * Brings the tables of one service up to date and answers the names of the migrations that ran. Safe to run from
 * several processes at once. Throws `migration-failed`, naming the file; the files before it stay applied.
 */
export async function migrate<DB>(database: Database<DB>, source: MigrationSource): Promise<string[]> {
  const { kysely } = database
  await prepareTable(kysely)
  const files = await readMigrations(source.directory)
  const pending = pendingOf(source.service, files, await listApplied(kysely, source.service))
  for (const migration of pending) {
    try {
      await applyBesideOthers(kysely, source.service, migration)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new DaybookError(
        'migration-failed',
        `Migration ${source.service}/${migration.name} failed: ${reason}`,
        { cause: error },
      )
    }
  }
  return pending.map(({ name }) => name)
}

/** Refuses (`migration-failed`) to go on with tables that are older or newer than the service was built for. */
export async function requireMigrated<DB>(database: Database<DB>, source: MigrationSource): Promise<void> {
  const files = await readMigrations(source.directory)
  const { rows } = await sql<{
    present: boolean
  }>`select to_regclass('daybook.migrations') is not null as present`.execute(database.kysely)
  const applied = rows[0]?.present === true ? await listApplied(database.kysely, source.service) : []
  const pending = pendingOf(source.service, files, applied)
  if (pending.length > 0) {
    throw new DaybookError(
      'migration-failed',
      `The tables of ${source.service} lack ${pending.length} migrations (first: ${pending[0]?.name}). Run the service once with the argument "migrate".`,
    )
  }
}
