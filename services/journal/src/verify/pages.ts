import { eventColumns, type JournalRow } from '@daybook/eventing'
import { type QueryExecutorProvider, sql } from 'kysely'
import { splitHashes, TILE_WIDTH, tilesIn } from '../seal/tiles.ts'
import { readLeaves, type SealedCheckpoint } from '../store/tree.ts'

/** Positions that are looked at together: whole tiles, and some 5 MB of ordinary events. */
export const PAGE_POSITIONS = 16 * TILE_WIDTH

/** A checkpoint as verification reads it. */
export interface CheckpointRow {
  readonly size: number
  readonly root: Buffer
  readonly note: string
  readonly key: string
  readonly sealedAt: Date
}

/** A piece of the journal, and what was sealed of it. */
export interface Page {
  readonly rows: readonly JournalRow[]
  readonly checkpoints: readonly CheckpointRow[]
  /** The leaf that was sealed at a position; undefined where none was, or where it is gone. */
  leafAt(position: number): Buffer | undefined
}

/** Reads the positions behind `after`, a multiple of `PAGE_POSITIONS`; `last` is the newest checkpoint. */
export async function readPage(
  executor: QueryExecutorProvider,
  after: number,
  last: SealedCheckpoint | undefined,
): Promise<Page> {
  const end = after + PAGE_POSITIONS
  const { rows } = await sql<JournalRow>`
    select ${eventColumns} from journal.events where position > ${after} and position <= ${end}
    order by position`.execute(executor)
  const { rows: checkpoints } = await sql<CheckpointRow>`
    select ${checkpointColumns} from journal.checkpoints
    where tree_size > ${after} and tree_size <= ${end} order by tree_size`.execute(executor)
  const leaves = await readPageLeaves(executor, after, last)
  return { rows, checkpoints, leafAt: (position) => leaves.get(position) }
}

const checkpointColumns = sql.raw('tree_size as size, root, note, key, sealed_at as "sealedAt"')

async function readPageLeaves(
  executor: QueryExecutorProvider,
  after: number,
  last: SealedCheckpoint | undefined,
): Promise<Map<number, Buffer>> {
  const leaves = new Map<number, Buffer>()
  const keep = (tile: number, bytes: Buffer): void => {
    for (const [nth, leaf] of splitHashes(bytes).entries()) leaves.set(tile * TILE_WIDTH + nth + 1, leaf)
  }
  const first = after / TILE_WIDTH
  const tiles = Array.from({ length: PAGE_POSITIONS / TILE_WIDTH }, (_, nth) => first + nth)
  for (const { index, leaves: bytes } of await readLeaves(executor, tiles)) keep(index, bytes)
  const partial = tilesIn(last?.size ?? 0, 0)
  if (last !== undefined && tiles.includes(partial)) keep(partial, last.tail)
  return leaves
}
