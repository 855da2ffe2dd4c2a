import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { edgeTiles, LEVELS, splitHashes, TILE_WIDTH, type Tile, type TreeEdge } from '../seal/tiles.ts'
import type { JournalTables } from './tables.ts'

/** A checkpoint as it is kept. */
export interface SealedCheckpoint {
  readonly size: number
  readonly era: number
  readonly root: Buffer
  /** The leaves behind the last complete tile. */
  readonly tail: Buffer
  readonly note: string
  /** The verifier key. */
  readonly key: string
  readonly sealedAt: Date
}

/** The newest checkpoint; undefined when nothing was sealed yet. */
export async function findLastCheckpoint(
  executor: QueryExecutorProvider,
): Promise<SealedCheckpoint | undefined> {
  const { rows } = await sql<SealedCheckpoint>`
    select tree_size as size, era, root, note, key, sealed_at as "sealedAt", (
        select coalesce(string_agg(since.leaves, ''::bytea order by since.tree_size), ''::bytea)
        from journal.checkpoints since where since.tree_size > last.tree_size / ${TILE_WIDTH}::bigint * ${TILE_WIDTH}::bigint
      ) as tail
    from (select * from journal.checkpoints order by tree_size desc limit 1) last`.execute(executor)
  return rows[0]
}

/** The keys that have signed checkpoints, the newest first, each with the sizes it was used between. */
export async function listKeys(
  executor: QueryExecutorProvider,
): Promise<{ key: string; firstSize: number; lastSize: number }[]> {
  const { rows } = await sql<{ key: string; firstSize: number; lastSize: number }>`
    select key, min(tree_size) as "firstSize", max(tree_size) as "lastSize"
    from journal.checkpoints group by key order by max(tree_size) desc`.execute(executor)
  return rows
}

/** The roots of tiles, by level: those from `first` up to and without `end`. */
export async function readRoots(
  executor: QueryExecutorProvider,
  ranges: readonly { level: number; first: number; end: number }[],
): Promise<{ level: number; index: number; root: Buffer }[]> {
  const wanted = ranges.filter(({ first, end }) => first < end)
  if (wanted.length === 0) return []
  const { rows } = await sql<{ level: number; index: number; root: Buffer }>`
    select t.level, t.index, t.root
    from unnest(${wanted.map(({ level }) => level)}::smallint[], ${wanted.map(({ first }) => first)}::bigint[],
      ${wanted.map(({ end }) => end)}::bigint[]) as w (level, first, "end")
    join journal.tree_tiles t on t.level = w.level and t.index >= w.first and t.index < w."end"
    order by t.level, t.index`.execute(executor)
  return rows
}

/** The leaves of complete tiles. */
export async function readLeaves(
  executor: QueryExecutorProvider,
  indexes: readonly number[],
): Promise<{ index: number; leaves: Buffer }[]> {
  if (indexes.length === 0) return []
  const { rows } = await sql<{ index: number; leaves: Buffer }>`
    select index, leaves from journal.tree_tiles
    where level = 0 and index = any(${[...indexes]}::bigint[])`.execute(executor)
  return rows
}

/** The edge of the tree at a checkpoint, which is all that is needed to go on from it. */
export async function readEdge(
  executor: QueryExecutorProvider,
  { size, tail }: Pick<SealedCheckpoint, 'size' | 'tail'>,
): Promise<TreeEdge> {
  const levels = Array.from({ length: LEVELS }, (_, level) => level)
  const rows = await readRoots(
    executor,
    levels.map((level) => ({ level, ...edgeTiles(size, level) })),
  )
  const roots = levels.map((level) => rows.filter((row) => row.level === level).map(({ root }) => root))
  return { size, roots, leaves: splitHashes(tail) }
}

/** A checkpoint to be kept, with what the one before did not have. */
export interface NewCheckpoint extends Omit<SealedCheckpoint, 'sealedAt' | 'tail'> {
  readonly tiles: readonly Tile[]
  /** Of the tail. */
  readonly leaves: Buffer
}

/** Keeps tiles and the checkpoint over them. */
export async function keepCheckpoint(
  trx: Kysely<JournalTables>,
  { tiles, size, era, root, leaves: newLeaves, note, key }: NewCheckpoint,
): Promise<void> {
  if (tiles.length > 0) {
    const rows = tiles.map(({ level, index, root, leaves = null }) => ({ level, index, root, leaves }))
    await trx.insertInto('journal.tree_tiles').values(rows).execute()
  }
  await trx
    .insertInto('journal.checkpoints')
    .values({ tree_size: size, era, root, leaves: newLeaves, note, key })
    .execute()
}
