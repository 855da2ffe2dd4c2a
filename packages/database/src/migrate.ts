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
  /** What comes before them: files that several services have in common. */
  shared?: SharedMigrations
}

/** Migrations that each of several services applies for itself. `{{word}}` in a file stands for the service's own word. */
export interface SharedMigrations {
  /** Goes before the names of the files where it is recorded which were applied: `<name>/NNNN_verb_object.sql`. */
  name: string
  directory: string
  /** Identifiers of SQL that need no quotes. They are part of the checksums: what was applied for other words tells. */
  words: Readonly<Record<string, string>>
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
const PLACEHOLDER = /\{\{([a-z]+)\}\}/g
/** Postgres cuts off names at 63 bytes, and what is made of these gets longer. */
const IDENTIFIER = /^[a-z][a-z0-9_]{0,30}$/
const NO_TRANSACTION = '-- no-transaction'
/** Any number, as long as every instance of Daybook uses the same: it keeps two migrators apart. */
const ADVISORY_LOCK = 7_400_001

/** All of a source in the order in which they are applied. */
async function readMigrations({ directory, shared }: MigrationSource): Promise<Migration[]> {
  const own = await readFolder(directory)
  if (shared === undefined) return own.map(migrationOf)
  const common = await readFolder(shared.directory)
  const spoken = common.map(({ name, text }) => ({
    name: `${shared.name}/${name}`,
    text: withWords(text, shared),
  }))
  return [...spoken, ...own].map(migrationOf)
}

async function readFolder(directory: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(directory, name), 'utf8') })),
  )
}

function migrationOf({ name, text }: { name: string; text: string }): Migration {
  return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
}

/** Nothing but plain identifiers goes into SQL this way. */
function withWords(text: string, { name, words }: SharedMigrations): string {
  return text.replaceAll(PLACEHOLDER, (_, word: string) => {
    const value = words[word] ?? ''
    if (IDENTIFIER.test(value)) return value
    throw new DaybookError(
      'migration-failed',
      `The migrations ${name} need a plain identifier for {{${word}}}.`,
    )
  })
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
  const files = await readMigrations(source)
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
  const files = await readMigrations(source)
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
