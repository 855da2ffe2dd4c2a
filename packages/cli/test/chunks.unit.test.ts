import { createUlids, type Draft } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { chunksOf } from '../src/chunks.ts'

const nextId = createUlids()

function drafts(count: number, message = ''): Draft[] {
  return Array.from({ length: count }, () => ({
    id: nextId(),
    stream: 'run/r1',
    type: 'PROCESS_LOG',
    v: 1,
    data: { message },
  }))
}

const shape = (count: number, border?: number, message?: string): [number, number][] =>
  [...chunksOf(drafts(count, message), border)].map((chunk) => [chunk.offset, chunk.drafts.length])

describe('chunks of drafts', () => {
  it('hold at most 1,000 and know how many come before', () => {
    expect(shape(0)).toEqual([])
    expect(shape(1)).toEqual([[0, 1]])
    expect(shape(2_500)).toEqual([
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 500],
    ])
  })

  it('hold at most 3 MiB', () => {
    expect(shape(30, 0, 'x'.repeat(200_000))).toEqual([
      [0, 15],
      [15, 15],
    ])
  })

  it('do not reach over the border', () => {
    expect(shape(1_500, 700)).toEqual([
      [0, 700],
      [700, 800],
    ])
    expect(shape(1_500, 1_000)).toEqual([
      [0, 1_000],
      [1_000, 500],
    ])
    expect(shape(10, 10)).toEqual([[0, 10]])
    expect(shape(10, 25)).toEqual([[0, 10]])
  })
})
