import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stretchesOf } from '../src/stretches.ts'

it('cuts a batch before each item that begins a stretch, and nowhere else', () => {
  expect([...stretchesOf([1, 2, 9, 3, 9, 9, 4], (item) => item === 9)]).toEqual([[1, 2], [9, 3], [9], [9, 4]])
  expect([...stretchesOf<number>([], () => true)]).toEqual([])
  expect([...stretchesOf([9, 1], (item) => item === 9)]).toEqual([[9, 1]])
})

it('loses nothing, and keeps the order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), (items) => {
      expect([...stretchesOf(items, (item) => item === 0)].flat()).toEqual(items)
    }),
  )
})
