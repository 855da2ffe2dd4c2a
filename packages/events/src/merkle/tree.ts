import { EMPTY_ROOT, nodeHash } from './hash.ts'
import { foldSubtrees } from './subtrees.ts'

/**
 * A tree that grows leaf by leaf (RFC 9162 §2.1.1). It keeps one hash for each complete subtree at its right edge, at
 * most 53, and nothing of what it has hashed: a leaf costs two hashes on average, the root at most 53.
 */
export class GrowingTree {
  /** From the largest to the smallest; the n-th bit of `#size` says whether there is one over 2^n leaves. */
  readonly #edge: Buffer[] = []
  #size = 0

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /** Adds the hash of a leaf. */
  add(leaf: Uint8Array): void {
    this.addSubtree(leaf, 1)
  }

  /** Adds the root of a complete subtree of `leaves` (a power of two, of which the size is a multiple). */
  addSubtree(root: Uint8Array, leaves: number): void {
    let hash: Buffer = Buffer.from(root)
    for (let width = leaves; Math.floor(this.#size / width) % 2 === 1; width *= 2) {
      const left = this.#edge.pop()
      if (left === undefined) throw new Error('the edge of the tree has a hash for each bit of its size')
      hash = nodeHash(left, hash)
    }
    this.#edge.push(hash)
    this.#size += leaves
  }

  root(): Buffer {
    return foldSubtrees(this.#edge) ?? EMPTY_ROOT
  }
}

/** The root over the hashes of leaves. */
export function rootOf(leaves: Iterable<Uint8Array>): Buffer {
  const tree = new GrowingTree()
  for (const leaf of leaves) tree.add(leaf)
  return tree.root()
}
