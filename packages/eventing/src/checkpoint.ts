import { type QueryExecutorProvider, sql } from 'kysely'

/** How far a projection is: for each of its kinds the position of the last event it has applied. */
export interface Checkpoint {
  /** The era of the journal those positions belong to. */
  era: number
  positions: ReadonlyMap<string, number>
}

/** Everything up to here has been applied, whatever the kind. */
export function lowestPosition({ positions }: Checkpoint): number {
  return Math.min(...positions.values())
}

/** Whose checkpoint, and in which schema the table `checkpoints` is. */
export interface CheckpointOwner {
  /** The schema of the service; its table `checkpoints` has the columns of `insertMissing` and `updated_at`. */
  schema: string
  name: string
  version: number
  kinds: readonly string[]
  /** The schema of the read model's tables, `checkpoints` among them, where it is another one: that of a generation. */
  tables?: string
}

/** Where a projection is, kept in the database of its read model. */
export interface CheckpointStore {
  /** What is stored, or undefined when a kind has no row yet. */
  find(executor: QueryExecutorProvider): Promise<Checkpoint | undefined>
  /** Adds rows at position 0 for the kinds that have none. */
  ensure(executor: QueryExecutorProvider, era: number): Promise<void>
  /**
   * Moves from one checkpoint to another, if every kind still stands where `from` says. All rows are compared, also
   * those that stay: another instance waits here for the end of our transaction, and then changes nothing.
   */
  move(executor: QueryExecutorProvider, from: Checkpoint, to: Checkpoint): Promise<boolean>
}

interface CheckpointRow {
  kind: string
  position: number
  era: number
}

/** The checkpoint of one projection; each method is one statement. */
export function checkpointStore(owner: CheckpointOwner): CheckpointStore {
  const { schema, name, version, kinds, tables = schema } = owner
  const table = sql.table(`${tables}.checkpoints`)
  const find: CheckpointStore['find'] = async (executor) => {
    const { rows } = await sql<CheckpointRow>`
      select kind, position, era from ${table}
      where name = ${name} and version = ${version} and kind = any(${kinds}::text[])`.execute(executor)
    if (rows.length < kinds.length) return undefined
    const era = Math.min(...rows.map((row) => row.era))
    return { era, positions: new Map(rows.map((row) => [row.kind, row.position])) }
  }
  return {
    find,
    async ensure(executor, era) {
      // A kind that joins later starts in the era of the others, so that one change of era is one rebuild for all.
      await sql`
        insert into ${table} (name, version, kind, position, era)
        select ${name}, ${version}::integer, wanted.kind, 0,
          coalesce((select min(era) from ${table} where name = ${name} and version = ${version}), ${era}::integer)
        from unnest(${kinds}::text[]) as wanted (kind)
        on conflict do nothing`.execute(executor)
    },
    async move(executor, from, to) {
      const before = kinds.map((kind) => from.positions.get(kind) ?? 0)
      const after = kinds.map((kind) => to.positions.get(kind) ?? 0)
      const { numAffectedRows } = await sql`
        update ${table} stored set position = moved.after, era = ${to.era}, updated_at = now()
        from unnest(${kinds}::text[], ${before}::bigint[], ${after}::bigint[]) as moved (kind, before, after)
        where stored.name = ${name} and stored.version = ${version} and stored.kind = moved.kind
          and stored.position = moved.before and stored.era = ${from.era}`.execute(executor)
      return numAffectedRows === BigInt(kinds.length)
    },
  }
}
