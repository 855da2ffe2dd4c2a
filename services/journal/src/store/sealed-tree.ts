import {
  foldSubtrees,
  type InclusionProof,
  inclusionRanges,
  type LeafRange,
  nodeHash,
  type Subtree,
  subtreesOf,
} from '@daybook/events'
import type { QueryExecutorProvider } from 'kysely'
import { splitHashes, TILE_WIDTH, tilesIn } from '../seal/tiles.ts'
import { readLeaves, readRoots, type SealedCheckpoint } from './tree.ts'

/** Levels of the tree that lie in one tile: 2^8 = 256. */
const TILE_LEVELS = 8

/**
 * The hashes of the tree under a checkpoint, read from the tiles. It keeps what it has read, so it is for one request or
 * one page.
 */
export class SealedTree {
  readonly #executor: QueryExecutorProvider
  readonly #checkpoint: Pick<SealedCheckpoint, 'size' | 'tail'>
  readonly #nodes = new Map<string, Buffer>()

  constructor(executor: QueryExecutorProvider, checkpoint: Pick<SealedCheckpoint, 'size' | 'tail'>) {
    this.#executor = executor
    this.#checkpoint = checkpoint
  }

  /** Proves that the events at these positions are under the checkpoint, which covers all of them. */
  async prove(positions: readonly number[]): Promise<InclusionProof[]> {
    const { size } = this.#checkpoint
    const paths = positions.map((position) => inclusionRanges(position - 1, size))
    await this.#load(paths.flat())
    return positions.map((position, nth) => ({
      index: position - 1,
      size,
      hashes: (paths[nth] ?? []).map((range) => this.#hashOver(range).toString('hex')),
    }))
  }

  /** The hashes over ranges, in hex. */
  async hashes(ranges: readonly LeafRange[]): Promise<string[]> {
    await this.#load(ranges)
    return ranges.map((range) => this.#hashOver(range).toString('hex'))
  }

  #hashOver(range: LeafRange): Buffer {
    const hash = foldSubtrees(subtreesOf(range).map((subtree) => this.#node(subtree)))
    if (hash === undefined) throw new Error('a range of a proof is never empty')
    return hash
  }

  #node({ level, index }: Subtree): Buffer {
    const name = nameOf(level, index)
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    if (level % TILE_LEVELS === 0) throw new Error(`the tree has no node ${name}: its tiles are not whole`)
    const below = level - 1
    const made = nodeHash(
      this.#node({ level: below, index: 2 * index }),
      this.#node({ level: below, index: 2 * index + 1 }),
    )
    this.#nodes.set(name, made)
    return made
  }

  /** Reads the leaves and the roots of tiles that the ranges are made of. */
  async #load(ranges: readonly LeafRange[]): Promise<void> {
    const subtrees = ranges.flatMap(subtreesOf)
    await this.#loadLeaves(subtrees.filter(({ level }) => level < TILE_LEVELS))
    const wanted = subtrees.filter(({ level }) => level >= TILE_LEVELS).map(rootsUnder)
    const distinct = new Map(wanted.map((range) => [`${range.level}/${range.first}/${range.end}`, range]))
    for (const { level, index, root } of await readRoots(this.#executor, [...distinct.values()]))
      this.#nodes.set(nameOf((level + 1) * TILE_LEVELS, index), root)
  }

  async #loadLeaves(subtrees: readonly Subtree[]): Promise<void> {
    const { size, tail } = this.#checkpoint
    const complete = tilesIn(size, 0)
    const wanted = new Set(subtrees.map(({ level, index }) => Math.floor((index * 2 ** level) / TILE_WIDTH)))
    if (wanted.delete(complete)) this.#keepLeaves(complete, tail)
    for (const { index, leaves } of await readLeaves(this.#executor, [...wanted]))
      this.#keepLeaves(index, leaves)
  }

  #keepLeaves(tile: number, leaves: Buffer): void {
    for (const [nth, leaf] of splitHashes(leaves).entries())
      this.#nodes.set(nameOf(0, tile * TILE_WIDTH + nth), leaf)
  }
}

/** The tiles whose roots a subtree above the tiles of level 0 is made of. */
function rootsUnder({ level, index }: Subtree): { level: number; first: number; end: number } {
  const width = 2 ** (level % TILE_LEVELS)
  return { level: Math.floor(level / TILE_LEVELS) - 1, first: index * width, end: (index + 1) * width }
}

function nameOf(level: number, index: number): string {
  return `${level}/${index}`
}
