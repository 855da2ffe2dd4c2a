import { nodeHash } from './hash.ts'
import { type LeafRange, splitOf } from './subtrees.ts'

/**
 * The ranges whose hashes prove that leaf `index` (0-based) is in the tree of `size` leaves, in the order of the proof
 * (RFC 9162 §2.1.3.1). `index` is below `size`.
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let [first, end] = [0, size]
  while (end - first > 1) {
    const middle = first + splitOf(end - first)
    if (index < middle) {
      ranges.push({ first: middle, end })
      end = middle
    } else {
      ranges.push({ first, end: middle })
      first = middle
    }
  }
  return ranges.toReversed()
}

/**
 * The ranges whose hashes prove that the tree of `from` leaves is the beginning of the tree of `to` leaves, in the order
 * of the proof (RFC 9162 §2.1.4.1). 1 ≤ `from` ≤ `to`.
 */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let [first, end] = [0, to]
  while (end !== from) {
    const middle = first + splitOf(end - first)
    if (from <= middle) {
      ranges.push({ first: middle, end })
      end = middle
    } else {
      ranges.push({ first, end: middle })
      first = middle
    }
  }
  // The old tree itself is known to whoever asks; only a part of it has to be told.
  if (first > 0) ranges.push({ first, end })
  return ranges.toReversed()
}

/** What a proof of inclusion says: the leaf with this hash is number `index` (0-based) of the tree of `size` leaves. */
export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
}

/** Whether `hashes` prove the claim (RFC 9162 §2.1.3.2). */
export function verifyInclusion(
  { index, size, leaf, root }: InclusionClaim,
  hashes: readonly Uint8Array[],
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  let [at, last] = [index, size - 1]
  let hash: Buffer = Buffer.from(leaf)
  for (const other of hashes) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(other, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else {
      hash = nodeHash(hash, other)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && hash.equals(root)
}

/** What a proof of consistency says: the tree of `from` leaves with its root is the beginning of that of `to` leaves. */
export interface ConsistencyClaim {
  readonly from: number
  readonly fromRoot: Uint8Array
  readonly to: number
  readonly toRoot: Uint8Array
}

/** Whether `hashes` prove the claim (RFC 9162 §2.1.4.2). */
export function verifyConsistency(claim: ConsistencyClaim, hashes: readonly Uint8Array[]): boolean {
  const { from, fromRoot, to, toRoot } = claim
  if (!isSize(from) || !isSize(to) || from < 1 || from > to) return false
  if (from === to) return hashes.length === 0 && Buffer.from(fromRoot).equals(toRoot)
  // A complete old tree is a node of the new one, so it is the first hash of the proof and is left out.
  const path = isPowerOfTwo(from) ? [fromRoot, ...hashes] : hashes
  const [start, ...rest] = path
  if (start === undefined) return false
  let [at, last] = [from - 1, to - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [oldRoot, newRoot]: [Buffer, Buffer] = [Buffer.from(start), Buffer.from(start)]
  for (const hash of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldRoot = nodeHash(hash, oldRoot)
      newRoot = nodeHash(hash, newRoot)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else {
      newRoot = nodeHash(newRoot, hash)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && oldRoot.equals(fromRoot) && newRoot.equals(toRoot)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function isPowerOfTwo(value: number): boolean {
  let power = 1
  while (power < value) power *= 2
  return power === value
}
