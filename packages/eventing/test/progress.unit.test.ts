import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { etaSeconds, Pace } from '../src/progress.ts'

function paceOf(...samples: [position: number, atMs: number][]): Pace {
  const pace = new Pace()
  for (const [position, atMs] of samples) pace.add({ position, atMs })
  return pace
}

describe('the pace of a rebuild', () => {
  it('is not known before two moments', () => {
    expect(paceOf().perSecond).toBeNull()
    expect(paceOf([5, 0]).perSecond).toBeNull()
    expect(paceOf([5, 0], [9, 0]).perSecond).toBeNull()
  })

  it('is that of a steady growth, however it is sampled', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 1_000 }), (gapsMs, perMs) => {
        const pace = paceOf([0, 0])
        let atMs = 0
        for (const gapMs of gapsMs) {
          atMs += gapMs
          pace.add({ position: atMs * perMs, atMs })
        }
        expect(pace.perSecond).toBeCloseTo(perMs * 1_000, 3)
      }),
    )
  })

  it('follows a change within ten seconds or so, and begins anew with the position', () => {
    const slowed = paceOf([0, 0], [100_000, 10_000], [100_010, 20_000], [100_020, 30_000])
    expect(slowed.perSecond).toBe(1)
    expect(paceOf([1_000, 0], [2_000, 1_000], [0, 2_000], [500, 3_000]).perSecond).toBe(500)
  })
})

describe('the time that is left', () => {
  it('is what the rest takes at this pace, rounded up; none at the head; unknown without a pace', () => {
    expect(etaSeconds(0, 100, 30)).toBe(4)
    expect(etaSeconds(100, 100, null)).toBe(0)
    expect(etaSeconds(120, 100, 0)).toBe(0)
    expect(etaSeconds(0, 100, null)).toBeNull()
    expect(etaSeconds(0, 100, 0)).toBeNull()
  })
})
