import { describe, expect, it } from 'vitest'
import type { Figures, OpenLoopResult, Result } from '../src/append/compare.ts'
import { judge } from '../src/append/targets.ts'

const figures = (eventsPerSecond: number): Figures => ({
  eventsPerSecond,
  p50Ms: 1,
  p99Ms: 2,
  generatorCpu: 0.5,
})

const result = (system: string, callers: number, eventsPerRequest: number, perSecond: number): Result => ({
  system,
  callers,
  eventsPerRequest,
  ...figures(perSecond),
  rounds: [],
})

const results = [
  result('daybook-nats', 64, 1, 6000),
  result('message-db', 64, 1, 1000),
  result('emmett', 64, 1, 3000),
  result('message-db-categories', 64, 1, 9000),
  result('daybook-nats', 1, 100, 8000),
  result('daybook-nats', 16, 100, 12_000),
  result('plain-insert', 1, 100, 10_000),
  result('plain-insert', 16, 100, 20_000),
]
const offered: OpenLoopResult = {
  system: 'daybook-nats',
  offeredPerSecond: 2000,
  seconds: 10,
  ...figures(2000),
  maxMs: 9,
}
const stored = [{ system: 'emmett', acknowledged: 5, stored: 5 }]

describe('judge', () => {
  it('compares with the better of the two peers, and batches at the callers where Daybook is fastest', () => {
    const [single, batches] = judge(results, offered, stored)
    expect(single).toMatchObject({ id: 'T1', ok: true, value: 2 })
    expect(batches).toMatchObject({ id: 'T2', ok: true, value: 0.6 })
  })

  it('misses when the figures fall short', () => {
    const slow = results.map((each) =>
      each.system === 'daybook-nats' ? { ...each, eventsPerSecond: each.eventsPerSecond / 2 } : each,
    )
    const verdicts = judge(slow, { ...offered, p99Ms: 25.1 }, stored)
    expect(verdicts.map(({ ok }) => ok)).toEqual([false, false, false, true])
  })

  it('misses when a system does not hold what it acknowledged', () => {
    const verdict = judge(results, offered, [{ system: 'emmett', acknowledged: 5, stored: 4 }]).at(-1)
    expect(verdict).toMatchObject({ ok: false, value: 1 })
    expect(verdict?.text).toContain('emmett 4 of 5')
  })
})
