import { eventLeaf, rootOf } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { edgeTiles, LEVELS, splitHashes, type Tile, TiledTree, tilesIn } from '../src/seal/tiles.ts'

const leafAt = (position: number): Buffer => eventLeaf({ position, hash: 'x' })
const empty = { size: 0, roots: [], leaves: [] }

function grow(tree: TiledTree, count: number): Tile[] {
  return Array.from({ length: count }, () => tree.add(leafAt(tree.size + 1))).flat()
}

describe('a tree in tiles', () => {
  it('has the root of the plain tree, and gives each tile out once, when it is complete', () => {
    const tree = new TiledTree(empty)
    const tiles = grow(tree, 65_536 + 300)
    const leaves = Array.from({ length: 65_536 + 300 }, (_, nth) => leafAt(nth + 1))
    expect(tree.root()).toEqual(rootOf(leaves))
    const names = tiles.map(({ level, index }) => `${level}/${index}`)
    expect(names).toHaveLength(257 + 1)
    expect(new Set(names).size).toBe(names.length)
    expect(names.slice(-3)).toEqual(['0/255', '1/0', '0/256'])
    for (const { level, index, root, leaves: kept } of tiles) {
      const width = 256 ** (level + 1)
      expect(root).toEqual(rootOf(leaves.slice(index * width, (index + 1) * width)))
      expect(kept).toEqual(
        level === 0 ? Buffer.concat(leaves.slice(index * 256, (index + 1) * 256)) : undefined,
      )
    }
  })

  it('goes on from its edge as if it had never stopped', () => {
    const whole = new TiledTree(empty)
    const tiles = grow(whole, 65_536 * 2 + 256 * 3 + 5)
    const { size } = whole
    const roots = Array.from({ length: LEVELS }, (_, level) => {
      const { first, end } = edgeTiles(size, level)
      return tiles.filter((tile) => tile.level === level && tile.index >= first && tile.index < end)
    })
    expect(roots.map((level) => level.length)).toEqual([3, 2, 0, 0, 0, 0, 0])
    const edge = {
      size,
      roots: roots.map((level) => level.map(({ root }) => root)),
      leaves: splitHashes(whole.tail),
    }
    const again = new TiledTree(edge)
    expect(again.root()).toEqual(whole.root())
    expect(grow(again, 600).map(({ level, index }) => [level, index])).toEqual(
      grow(whole, 600).map(({ level, index }) => [level, index]),
    )
    expect([again.root(), again.tail]).toEqual([whole.root(), whole.tail])
  })

  it('counts tiles up to the last position', () => {
    expect([tilesIn(255, 0), tilesIn(256, 0), tilesIn(Number.MAX_SAFE_INTEGER, LEVELS - 1)]).toEqual([
      0, 1, 0,
    ])
  })
})
