import type { Database } from '@daybook/database'
import type { Actor } from '@daybook/events'
import { sql, type Transaction } from 'kysely'
import { type Added, type Addition, decideAddition } from '../schemas/decide-addition.ts'
import type { JournalTables } from './tables.ts'

/** One version of a user's event type, as it was added. */
export interface AddedSchema extends Addition {
  description: string
  actor: Actor
  /** ISO 8601, UTC. */
  addedAt: string
}

/** An addition of any tenant, by its number: dense, in the order of commits. */
export interface NumberedSchema extends Addition {
  number: number
  tenant: string
}

/** Of the lock under which numbers are given; released with the commit. */
const LOCK = 7_400_010
const COLUMNS = ['kind', 'type', 'v', 'description', 'schema', 'actor_kind', 'actor_id', 'added_at'] as const

/** Adds a version, or finds that it was added before. Codes: those of `decideAddition`. */
export function addSchema(
  database: Database<JournalTables>,
  tenant: string,
  addition: Addition & { description: string; actor: Actor },
): Promise<{ verdict: 'new' | 'repeated'; added: AddedSchema }> {
  return database.transaction(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx)
    const verdict = decideAddition(await readAdded(trx, tenant, addition.type), addition)
    if (verdict === 'new') await insert(trx, tenant, addition)
    const row = await trx
      .selectFrom('journal.schemas')
      .select(COLUMNS)
      .where('tenant', '=', tenant)
      .where('type', '=', addition.type)
      .where('v', '=', addition.v)
      .executeTakeFirstOrThrow()
    return { verdict, added: toAddedSchema(row) }
  })
}

async function readAdded(trx: Transaction<JournalTables>, tenant: string, type: string): Promise<Added> {
  const ofTenant = trx.selectFrom('journal.schemas').where('tenant', '=', tenant)
  const versions = await ofTenant
    .select(['kind', 'type', 'v', 'schema'])
    .where('type', '=', type)
    .orderBy('v')
    .execute()
  const totals = await ofTenant
    .select([
      sql<number>`count(*)::integer`.as('versionsTotal'),
      sql<number>`coalesce(sum(octet_length(schema)), 0)::integer`.as('bytesTotal'),
    ])
    .executeTakeFirstOrThrow()
  return { versions, ...totals }
}

async function insert(
  trx: Transaction<JournalTables>,
  tenant: string,
  { kind, type, v, description, schema, actor }: Addition & { description: string; actor: Actor },
): Promise<void> {
  await trx
    .insertInto('journal.schemas')
    .values({
      number: sql<number>`(select coalesce(max(number), 0) + 1 from journal.schemas)`,
      tenant,
      kind,
      type,
      v,
      description,
      schema,
      actor_kind: actor.kind,
      actor_id: actor.id,
    })
    .execute()
}

/** What was added behind a number, by anyone. */
export function readSchemasAfter(
  database: Database<JournalTables>,
  number: number,
): Promise<NumberedSchema[]> {
  return database.kysely
    .selectFrom('journal.schemas')
    .select(['number', 'tenant', 'kind', 'type', 'v', 'schema'])
    .where('number', '>', number)
    .orderBy('number')
    .execute()
}

/** Everything that a tenant has added, by type and version. Bounded by what a tenant may add. */
export async function listSchemas(database: Database<JournalTables>, tenant: string): Promise<AddedSchema[]> {
  const rows = await database.asTenant(tenant, (trx) =>
    trx
      .selectFrom('journal.schemas')
      .select(COLUMNS)
      .where('tenant', '=', tenant)
      .orderBy(sql`type collate "C"`)
      .orderBy('v')
      .execute(),
  )
  return rows.map(toAddedSchema)
}

/** One version of a type, if the tenant has added it. */
export async function findSchema(
  database: Database<JournalTables>,
  tenant: string,
  { type, v }: { type: string; v: number },
): Promise<AddedSchema | undefined> {
  const row = await database.asTenant(tenant, (trx) =>
    trx
      .selectFrom('journal.schemas')
      .select(COLUMNS)
      .where('tenant', '=', tenant)
      .where('type', '=', type)
      .where('v', '=', v)
      .executeTakeFirst(),
  )
  return row && toAddedSchema(row)
}

interface SchemaRow extends Addition {
  description: string
  actor_kind: Actor['kind']
  actor_id: string
  added_at: Date
}

function toAddedSchema({ actor_kind, actor_id, added_at, ...row }: SchemaRow): AddedSchema {
  return { ...row, actor: { kind: actor_kind, id: actor_id }, addedAt: added_at.toISOString() }
}
