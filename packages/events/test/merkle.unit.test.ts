import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventLeaf, leafHash, nodeHash } from '../src/merkle/hash.ts'
import {
  consistencyRanges,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
} from '../src/merkle/proof.ts'
import { foldSubtrees, subtreesOf } from '../src/merkle/subtrees.ts'
import { GrowingTree, rootOf } from '../src/merkle/tree.ts'
import { naiveConsistency, naiveInclusion, naiveRoot } from './naive-tree.ts'

/** The tree that the tests of Certificate Transparency (RFC 6962) use, and its published hashes. */
const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Buffer.from(hex, 'hex')))
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const inclusions: [index: number, size: number, proof: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]
const consistencies: [from: number, to: number, proof: string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]

const fromHex = (hashes: readonly string[]): Buffer[] => hashes.map((hash) => Buffer.from(hash, 'hex'))
const rootAt = (size: number): Buffer => Buffer.from(roots[size] ?? '', 'hex')
const leafAt = (index: number): Buffer => leaves[index] ?? Buffer.alloc(0)

/** A proof as the journal makes it: every range from its complete subtrees. */
function hashesOf(all: readonly Buffer[], ranges: { first: number; end: number }[]): Buffer[] {
  return ranges.map(
    (range) =>
      foldSubtrees(
        subtreesOf(range).map(({ level, index }) =>
          naiveRoot(all.slice(index * 2 ** level, (index + 1) * 2 ** level)),
        ),
      ) ?? Buffer.alloc(0),
  )
}

const treeOf = (size: number): Buffer[] =>
  Array.from({ length: size }, (_, index) => eventLeaf({ position: index + 1, hash: String(index) }))

describe('the tree of RFC 6962 and 9162', () => {
  it.each(roots.map((root, size) => [size, root] as const))(
    'has the published root over %i leaves',
    (size, root) => {
      expect(rootOf(leaves.slice(0, size)).toString('hex')).toBe(root)
    },
  )

  it.each(inclusions)('has the published proof that leaf %i is in the tree of %i', (index, size, proof) => {
    const made = hashesOf(leaves, inclusionRanges(index, size)).map((hash) => hash.toString('hex'))
    expect(made).toEqual(proof)
    expect(verifyInclusion({ index, size, leaf: leafAt(index), root: rootAt(size) }, fromHex(proof))).toBe(
      true,
    )
  })

  it.each(consistencies)(
    'has the published proof that the tree of %i begins that of %i',
    (from, to, proof) => {
      const made = hashesOf(leaves, consistencyRanges(from, to)).map((hash) => hash.toString('hex'))
      expect(made).toEqual(proof)
      const claim = { from, fromRoot: rootAt(from), to, toRoot: rootAt(to) }
      expect(verifyConsistency(claim, fromHex(proof))).toBe(true)
    },
  )
})

describe('a proof', () => {
  const place = fc
    .integer({ min: 1, max: 300 })
    .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })))

  it('of inclusion is that of the recursive definition, and holds', () => {
    fc.assert(
      fc.property(place, ([size, index]) => {
        const tree = treeOf(size)
        const proof = hashesOf(tree, inclusionRanges(index, size))
        expect(proof).toEqual(naiveInclusion(index, tree))
        const claim = { index, size, leaf: tree[index] ?? Buffer.alloc(0), root: naiveRoot(tree) }
        expect(verifyInclusion(claim, proof)).toBe(true)
      }),
    )
  })

  it('of inclusion holds for no other leaf, place, size or root, and not with a hash more, less or other', () => {
    fc.assert(
      fc.property(place, fc.nat(), ([size, index], pick) => {
        const tree = treeOf(size)
        const proof = naiveInclusion(index, tree)
        const claim = { index, size, leaf: tree[index] ?? Buffer.alloc(0), root: naiveRoot(tree) }
        const other = createHash('sha256').update('other').digest()
        expect(verifyInclusion({ ...claim, leaf: other }, proof)).toBe(false)
        expect(verifyInclusion({ ...claim, root: other }, proof)).toBe(false)
        expect(verifyInclusion({ ...claim, index: size }, proof)).toBe(false)
        expect(verifyInclusion({ ...claim, index: (index + 1) % size }, proof)).toBe(size === 1)
        expect(verifyInclusion(claim, [...proof, other])).toBe(false)
        if (proof.length === 0) return
        expect(verifyInclusion(claim, proof.slice(1))).toBe(false)
        expect(verifyInclusion(claim, proof.with(pick % proof.length, other))).toBe(false)
      }),
    )
  })

  it('of inclusion is none for a node above the leaves, whose own proof would be shorter', () => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = leaves
    const leaf = nodeHash(first, second)
    const proof = naiveInclusion(0, leaves).slice(1)
    expect(verifyInclusion({ index: 0, size: 8, leaf, root: rootAt(8) }, proof)).toBe(false)
  })

  it('of consistency is that of the recursive definition, and holds', () => {
    fc.assert(
      fc.property(place, ([to, index]) => {
        const from = index + 1
        const tree = treeOf(to)
        const proof = hashesOf(tree, consistencyRanges(from, to))
        expect(proof).toEqual(naiveConsistency(from, tree))
        const claim = { from, fromRoot: naiveRoot(tree.slice(0, from)), to, toRoot: naiveRoot(tree) }
        expect(verifyConsistency(claim, proof)).toBe(true)
      }),
    )
  })

  it('of consistency holds for no tree with another beginning, and not with a hash more, less or other', () => {
    fc.assert(
      fc.property(place, fc.nat(), ([to, index], pick) => {
        const from = index + 1
        const tree = treeOf(to)
        const other = createHash('sha256').update('other').digest()
        const altered = tree.with(pick % from, other)
        const proof = naiveConsistency(from, tree)
        const claim = { from, fromRoot: naiveRoot(tree.slice(0, from)), to, toRoot: naiveRoot(tree) }
        const rewritten = { ...claim, toRoot: naiveRoot(altered) }
        expect(verifyConsistency(rewritten, naiveConsistency(from, altered))).toBe(false)
        expect(verifyConsistency(claim, [...proof, other])).toBe(false)
        expect(verifyConsistency({ ...claim, fromRoot: other }, proof)).toBe(false)
        if (proof.length === 0) return
        expect(verifyConsistency(claim, proof.slice(1))).toBe(false)
        expect(verifyConsistency(claim, proof.with(pick % proof.length, other))).toBe(false)
      }),
    )
  })

  it('is refused for sizes that are none', () => {
    const leaf = leafAt(0)
    expect(verifyInclusion({ index: -1, size: 1, leaf, root: leaf }, [])).toBe(false)
    expect(verifyInclusion({ index: 0, size: 0, leaf, root: leaf }, [])).toBe(false)
    expect(verifyInclusion({ index: 0.5, size: 1, leaf, root: leaf }, [])).toBe(false)
    expect(verifyConsistency({ from: 0, fromRoot: leaf, to: 1, toRoot: leaf }, [])).toBe(false)
    expect(verifyConsistency({ from: 2, fromRoot: leaf, to: 1, toRoot: leaf }, [])).toBe(false)
  })
})

describe('GrowingTree', () => {
  it('has the root of the recursive definition at every size, also when whole subtrees are added', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }), (subtrees, tail) => {
        const tree = treeOf(subtrees * 4 + tail)
        const growing = new GrowingTree()
        for (let at = 0; at < subtrees; at += 1)
          growing.addSubtree(naiveRoot(tree.slice(at * 4, at * 4 + 4)), 4)
        for (const leaf of tree.slice(subtrees * 4)) growing.add(leaf)
        expect(growing.size).toBe(tree.length)
        expect(growing.root()).toEqual(naiveRoot(tree))
      }),
    )
  })

  it('counts beyond what bit operations can', () => {
    const growing = new GrowingTree()
    growing.addSubtree(leafAt(0), 2 ** 40)
    growing.addSubtree(leafAt(1), 2 ** 40)
    expect([growing.size, growing.root()]).toEqual([2 ** 41, naiveRoot(leaves.slice(0, 2))])
  })
})

describe('the leaf of an event', () => {
  it('is hashed over its position and its hash, and stays what it is', () => {
    const event = { position: 7, hash: 'ab'.repeat(32) }
    const bytes = Buffer.from(`daybook-leaf/1\u00007\u0000${event.hash}`)
    expect(eventLeaf(event)).toEqual(createHash('sha256').update(Buffer.of(0)).update(bytes).digest())
    expect(eventLeaf({ ...event, position: 8 })).not.toEqual(eventLeaf(event))
  })
})
