import { expect, it } from 'vitest'
import { atOnce } from '../src/at-once.ts'

it('works on each item once, so many at a time', async () => {
  const done: number[] = []
  let busy = 0
  let busyMax = 0
  await atOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    busy += 1
    busyMax = Math.max(busyMax, busy)
    await Promise.resolve()
    busy -= 1
    done.push(item)
  })
  expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(busyMax).toBe(3)
})

it('begins nothing more after a failure', async () => {
  const begun: number[] = []
  const working = atOnce([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item)
    await Promise.resolve()
    if (item === 1) throw new Error('the first')
    await Promise.resolve()
  })
  await expect(working).rejects.toThrow('the first')
  expect(begun).toEqual([1, 2])
})
