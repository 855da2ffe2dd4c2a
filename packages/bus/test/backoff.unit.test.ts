import { describe, expect, it } from 'vitest'
import { backoffMs, pause } from '../src/backoff.ts'

describe('backoff', () => {
  it('doubles the wait up to the maximum and keeps at least half of it', () => {
    const limits = { firstMs: 100, maxMs: 1_000 }
    for (const [failures, full] of [
      [0, 100],
      [1, 200],
      [3, 800],
      [4, 1_000],
      [5_000, 1_000],
    ] as const) {
      const waits = Array.from({ length: 50 }, () => backoffMs(failures, limits))
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(full / 2)
      expect(Math.max(...waits)).toBeLessThanOrEqual(full)
      expect(new Set(waits).size).toBeGreaterThan(1)
    }
  })

  it('ends a wait at once when it is aborted', async () => {
    const stopping = new AbortController()
    const waiting = pause(60_000, stopping.signal)
    stopping.abort()
    await waiting
    await pause(60_000, stopping.signal)
  })
})
