import { nodeHash } from './hash.ts'

/** The leaves from `first` (0-based) up to and without `end`. */
export interface LeafRange {
  readonly first: number
  readonly end: number
}

/** A node over 2^level leaves, all of them there: the leaves from index · 2^level on. Such a node never changes again. */
export interface Subtree {
  readonly level: number
  readonly index: number
}

/** The largest power of two that is less than `n`; `n` is at least 2. Exact up to 2^53, which bit operations are not. */
export function splitOf(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

/**
 * The complete subtrees that a range is made of, from left to right. For the ranges of a tree's own splitting, which
 * begin at a multiple of their own size.
 */
export function subtreesOf({ first, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = first; at < end; ) {
    let level = 0
    let leaves = 1
    while (leaves * 2 <= end - at) {
      leaves *= 2
      level += 1
    }
    subtrees.push({ level, index: at / leaves })
    at += leaves
  }
  return subtrees
}

/** The hash over neighbouring subtrees, each smaller than the one before it, as `subtreesOf` gives them. */
export function foldSubtrees(hashes: readonly Uint8Array[]): Buffer | undefined {
  const last = hashes.at(-1)
  if (last === undefined) return undefined
  return hashes.slice(0, -1).reduceRight<Buffer>((right, left) => nodeHash(left, right), Buffer.from(last))
}
