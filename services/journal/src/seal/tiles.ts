import { GrowingTree, HASH_BYTES, rootOf } from '@daybook/events'

/** Nodes below a tile. */
export const TILE_WIDTH = 256
/** Tiles of the highest level cover 2^56 events, more than there are positions. */
export const LEVELS = 7

/** A complete tile. Its leaves are kept at level 0 only. */
export interface Tile {
  readonly level: number
  readonly index: number
  readonly root: Buffer
  readonly leaves?: Buffer
}

/** Of a tree: what is not yet below a higher tile. `roots[n]` are the last roots of level n, at most 255 of them. */
export interface TreeEdge {
  readonly size: number
  readonly roots: readonly (readonly Buffer[])[]
  readonly leaves: readonly Buffer[]
}

/** Events below one tile of a level. */
function tileEvents(level: number): number {
  return TILE_WIDTH ** (level + 1)
}

/** Complete tiles of a level in a tree of `size` events. */
export function tilesIn(size: number, level: number): number {
  return Math.floor(size / tileEvents(level))
}

/** Which roots of a level the edge of a tree of `size` events holds: from `first` up to and without `end`. */
export function edgeTiles(size: number, level: number): { first: number; end: number } {
  return { first: tilesIn(size, level + 1) * TILE_WIDTH, end: tilesIn(size, level) }
}

/** Cuts leaves that are kept one after the other. */
export function splitHashes(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  )
}

/** A tree that grows in tiles: gives each out as it becomes complete, and keeps its edge only. */
export class TiledTree {
  readonly #roots: Buffer[][]
  #leaves: Buffer[]
  #size: number

  constructor({ size, roots, leaves }: TreeEdge) {
    this.#size = size
    this.#roots = Array.from({ length: LEVELS }, (_, level) => [...(roots[level] ?? [])])
    this.#leaves = [...leaves]
  }

  get size(): number {
    return this.#size
  }

  /** The leaves behind the last complete tile, one after the other. */
  get tail(): Buffer {
    return Buffer.concat(this.#leaves)
  }

  /** Adds a leaf; the tiles that it completes, the lowest first. */
  add(leaf: Buffer): Tile[] {
    this.#leaves.push(leaf)
    this.#size += 1
    if (this.#leaves.length < TILE_WIDTH) return []
    const leaves = this.#leaves
    this.#leaves = []
    return this.#complete({ level: 0, nodes: leaves, leaves: Buffer.concat(leaves) })
  }

  root(): Buffer {
    const tree = new GrowingTree()
    for (let level = LEVELS - 1; level >= 0; level -= 1)
      for (const root of this.#roots[level] ?? []) tree.addSubtree(root, tileEvents(level))
    for (const leaf of this.#leaves) tree.add(leaf)
    return tree.root()
  }

  #complete({ level, nodes, leaves }: { level: number; nodes: Buffer[]; leaves?: Buffer }): Tile[] {
    const root = rootOf(nodes)
    const tile = { level, index: tilesIn(this.#size, level) - 1, root, ...(leaves && { leaves }) }
    const siblings = this.#roots[level] ?? []
    siblings.push(root)
    if (siblings.length < TILE_WIDTH || level + 1 === LEVELS) return [tile]
    this.#roots[level] = []
    return [tile, ...this.#complete({ level: level + 1, nodes: siblings })]
  }
}
