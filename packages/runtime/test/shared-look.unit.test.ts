import { expect, it } from 'vitest'
import { sharedLook } from '../src/shared-look.ts'

/** Answers how often it was asked. */
function counting(): () => Promise<number> {
  let looks = 0
  return async () => ++looks
}

it('looks once for all who ask while the look is under way', async () => {
  const shared = sharedLook(counting())
  expect(await Promise.all([shared(), shared(), shared()])).toEqual([1, 1, 1])
  expect(await shared()).toBe(2)
})

it('keeps what it found for as long as it is told to', async () => {
  const shared = sharedLook(counting(), 60_000)
  await shared()
  expect(await shared()).toBe(1)
})

it('does not keep a failure', async () => {
  const count = counting()
  const shared = sharedLook(async () => {
    const looks = await count()
    if (looks === 1) throw new Error('away')
    return looks
  }, 60_000)
  await expect(shared()).rejects.toThrow('away')
  expect(await shared()).toBe(2)
})
