import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLOCKS_APART_MS, type FirstBehind, findStart } from '../src/audit/find-start.ts'
import { isBehind } from '../src/audit/select.ts'
import { instantOption } from '../src/instant-option.ts'

const start = Date.UTC(2026, 10, 21)

interface Recorded {
  readonly position: number
  readonly recordedAt: string
}

/** Reads a journal in which these events belong to the caller; `head` may belong to others. */
function readerOf(events: readonly Recorded[], head: number): FirstBehind {
  return async (after) => ({ event: events.find(({ position }) => position > after), head })
}

const at = (offsetMs: number): string => new Date(start + offsetMs).toISOString()

describe('findStart', () => {
  /** Gaps in positions are other tenants' events; clocks of several instances go back by less than they may be apart. */
  const journal = fc
    .array(
      fc.record({
        gap: fc.integer({ min: 1, max: 50 }),
        stepMs: fc.integer({ min: 0, max: 200_000 }),
        behindMs: fc.integer({ min: 0, max: CLOCKS_APART_MS - 1 }),
      }),
      { maxLength: 60 },
    )
    .map((steps) => {
      let [position, clockMs] = [0, 0]
      return steps.map(({ gap, stepMs, behindMs }) => {
        position += gap
        clockMs += stepMs
        return { position, recordedAt: at(clockMs - behindMs) }
      })
    })

  it('leaves out no event since the instant, though clocks are apart', async () => {
    await fc.assert(
      fc.asyncProperty(
        journal,
        fc.integer({ min: 0, max: 12_000_000 }),
        fc.integer({ min: 0, max: 99 }),
        async (events, sinceMs, more) => {
          const head = (events.at(-1)?.position ?? 0) + more
          const after = await findStart(readerOf(events, head), at(sinceMs))
          for (const { position, recordedAt } of events)
            if (recordedAt >= at(sinceMs)) expect(position).toBeGreaterThan(after)
        },
      ),
    )
  })

  it('leaves out almost all that came before, with a few reads', async () => {
    let reads = 0
    // One event a second, at each position one.
    const firstBehind: FirstBehind = async (after) => {
      reads += 1
      return { event: { position: after + 1, recordedAt: at(after * 1_000) }, head: 100_000 }
    }
    const after = await findStart(firstBehind, at(90_000_000))
    expect(90_001 - after).toBeLessThanOrEqual(CLOCKS_APART_MS / 1_000 + 1)
    expect(reads).toBeLessThanOrEqual(2 + Math.log2(100_000))
  })

  it('is not misled by the clock of an instance that is behind', async () => {
    const clocks = [0, 100_000, 50_000, 101_000]
    const events = clocks.map((offsetMs, index) => ({ position: index + 1, recordedAt: at(offsetMs) }))
    expect(await findStart(readerOf(events, 4), at(100_000))).toBe(1)
  })

  it('begins at the beginning of an empty journal', async () => {
    expect(await findStart(readerOf([], 0), '2026-11-21T00:00:00.000Z')).toBe(0)
  })
})

describe('isBehind', () => {
  it('goes on as long as another clock may have been behind', () => {
    const until = at(0)
    for (const [offsetMs, expected] of [
      [-1, false],
      [CLOCKS_APART_MS - 1, false],
      [CLOCKS_APART_MS, true],
    ] as const) {
      expect(isBehind({ recordedAt: at(offsetMs) }, { until })).toBe(expected)
    }
    expect(isBehind({ recordedAt: at(0) }, {})).toBe(false)
  })
})

describe('an option that takes an instant', () => {
  it.each([
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21T08:00Z', '2026-11-21T08:00:00.000Z'],
    ['2026-11-21T08:00:01.5+02:00', '2026-11-21T06:00:01.500Z'],
  ])('takes %s', (text, instant) => {
    expect(instantOption(text)).toBe(instant)
  })

  it('takes so long ago', () => {
    const ms = Date.now() - Date.parse(instantOption('90m'))
    expect(Math.abs(ms - 90 * 60_000)).toBeLessThan(5_000)
    expect(Date.parse(instantOption('24h')) - Date.parse(instantOption('1d'))).toBeLessThan(5_000)
  })

  it.each(['', 'now', '5', '2026-11-21T08:00', '2026-02-30T00:00:00Z ', '-1h', '1w'])(
    'refuses %j',
    (text) => {
      expect(() => instantOption(text)).toThrow('It must be as in 2026-11-21')
    },
  )
})
