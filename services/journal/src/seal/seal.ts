import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { journalReader } from '@daybook/eventing'
import { eventLeaf, HASH_BYTES, type SignerKey, signCheckpoint } from '@daybook/events'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { JournalTables } from '../store/tables.ts'
import { findLastCheckpoint, keepCheckpoint, readEdge, type SealedCheckpoint } from '../store/tree.ts'
import { TILE_WIDTH, type Tile, TiledTree } from './tiles.ts'

export interface SealOptions {
  readonly signer: SignerKey
  /** Names the journal in its checkpoints; the era follows it. */
  readonly origin: string
}

/** What was sealed, and whether more events wait. */
export interface Sealed {
  /** The newest checkpoint; undefined in an empty journal. */
  readonly checkpoint: Pick<SealedCheckpoint, 'size' | 'note'> | undefined
  readonly isNew: boolean
  readonly more: boolean
}

/** Under one checkpoint at a time: some 5 MB in memory, and no statement that is long for the journal beside it. */
const EVENTS_MAX = 16_384
/** One sealer at a time; a second one waits here and then finds the work done. */
const LOCK = 7_400_003

/**
 * Adds the events since the last checkpoint to the tree, and signs the next one. Costs in proportion to the new events.
 *
 * It never signs a tree that does not continue the last one: what was kept has to have the root that was signed, and the
 * events behind the last complete tile have to be those that were sealed. Code: verification-failed.
 */
export async function sealNext(
  database: Database<JournalTables>,
  { signer, origin }: SealOptions,
): Promise<Sealed> {
  return database.transaction(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx)
    const last = await findLastCheckpoint(trx)
    const sealed = last?.size ?? 0
    const head = await journalReader(trx).head()
    if (head.position < sealed) throw isShorter(head.position, sealed)
    const size = Math.min(head.position, sealed + EVENTS_MAX)
    const tree = await continueTree(trx, last)
    // Also when nothing is new: that a sealed event was changed should not wait for the next one to show.
    const tiles = await growTree(trx, tree, size)
    if (size === sealed) return { checkpoint: last, isNew: false, more: false }
    const checkpoint = { origin: `${origin}/${head.era}`, size, root: tree.root() }
    const note = signCheckpoint(checkpoint, signer)
    const leaves = newLeavesOf(tree, sealed)
    await keepCheckpoint(trx, {
      ...checkpoint,
      era: head.era,
      tiles,
      leaves,
      note,
      key: signer.verifier.text,
    })
    return { checkpoint: { size, note }, isNew: true, more: size < head.position }
  })
}

async function continueTree(
  trx: QueryExecutorProvider,
  last: SealedCheckpoint | undefined,
): Promise<TiledTree> {
  if (last === undefined) return new TiledTree({ size: 0, roots: [], leaves: [] })
  const tree = new TiledTree(await readEdge(trx, last))
  if (!tree.root().equals(last.root)) {
    throw new DaybookError(
      'verification-failed',
      `The tree that is kept does not have the root of the checkpoint over ${last.size} events. It was altered: stop, keep a copy, and run daybook verify.`,
    )
  }
  return tree
}

/** Reads on from the last complete tile, so that the events behind it are compared with what was sealed. */
async function growTree(trx: QueryExecutorProvider, tree: TiledTree, size: number): Promise<Tile[]> {
  const sealed = tree.size
  const tail = tree.tail
  const first = sealed - (sealed % TILE_WIDTH)
  const tiles: Tile[] = []
  const hashes = await readHashes(trx, first, size)
  for (let position = first + 1; position <= size; position += 1) {
    const hash = hashes.get(position)
    if (hash === undefined) throw isMissing(position)
    const leaf = eventLeaf({ position, hash })
    if (position > sealed) tiles.push(...tree.add(leaf))
    else if (!leaf.equals(leafIn(tail, position - first - 1))) throw isChanged(position)
  }
  return tiles
}

/** What of the tail came after `sealed` events. */
function newLeavesOf({ size, tail }: TiledTree, sealed: number): Buffer {
  const start = size - (size % TILE_WIDTH)
  return tail.subarray(Math.max(0, sealed - start) * HASH_BYTES)
}

function leafIn(tail: Buffer, index: number): Buffer {
  return tail.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
}

/** The hashes (hex) of the events behind `after`, up to `last`, by position. */
async function readHashes(
  trx: QueryExecutorProvider,
  after: number,
  last: number,
): Promise<Map<number, string>> {
  const { rows } = await sql<{ position: number; hash: string }>`
    select position, encode(hash, 'hex') as hash from journal.events
    where position > ${after} and position <= ${last} order by position`.execute(trx)
  return new Map(rows.map(({ position, hash }) => [position, hash]))
}

function isShorter(head: number, sealed: number): DaybookError {
  return new DaybookError(
    'verification-failed',
    `The journal ends at position ${head}, and ${sealed} events were sealed. Events were cut off: stop, keep a copy, and run daybook verify.`,
    { details: { position: head + 1 } },
  )
}

function isMissing(position: number): DaybookError {
  return new DaybookError(
    'verification-failed',
    `There is no event at position ${position}. It was removed: stop, keep a copy, and run daybook verify.`,
    { details: { position } },
  )
}

function isChanged(position: number): DaybookError {
  return new DaybookError(
    'verification-failed',
    `The event at position ${position} is not the one that was sealed. It was altered: stop, keep a copy, and run daybook verify.`,
    { details: { position } },
  )
}
