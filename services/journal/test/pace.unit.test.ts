import { describe, expect, it } from 'vitest'
import { restAfter } from '../src/pace.ts'

describe('the relay', () => {
  it('goes on at once while more is waiting and appends are not', () => {
    expect(restAfter({ isFull: true, tookMs: 10, isSaturated: false })).toBe(0)
  })

  it('waits for a few events to make a batch of, when it has caught up', () => {
    expect(restAfter({ isFull: false, tookMs: 1, isSaturated: false })).toBe(50)
  })

  it('leaves nine tenths of the time to appends that wait, and never stops for them', () => {
    expect(restAfter({ isFull: true, tookMs: 20, isSaturated: true })).toBe(180)
    expect(restAfter({ isFull: false, tookMs: 1, isSaturated: true })).toBe(50)
    expect(restAfter({ isFull: true, tookMs: 10_000, isSaturated: true })).toBe(500)
  })
})
