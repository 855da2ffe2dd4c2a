import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs, pause } from '../src/backoff.ts'

it('waits longer from attempt to attempt, never over 5 s and never not at all', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, chance) => {
        const delayMs = backoffMs(attempt, () => chance)
        expect(delayMs).toBeGreaterThan(0)
        expect(delayMs).toBeLessThanOrEqual(5_000)
      },
    ),
  )
  expect(backoffMs(3, () => 1)).toBeGreaterThan(backoffMs(1, () => 1))
})

it('ends a pause when the signal is aborted', async () => {
  const stop = new AbortController()
  const paused = pause(60_000, stop.signal)
  stop.abort()
  await expect(paused).resolves.toBeUndefined()
  await expect(pause(60_000, stop.signal)).resolves.toBeUndefined()
})
