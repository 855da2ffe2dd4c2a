import { describe, expect, it } from 'vitest'
import type { OpenLoopResult, Result } from '../src/append/compare.ts'
import { judge } from '../src/append/targets.ts'
import type { Figures } from '../src/figures.ts'

const figures = (perSecond: number): Figures => ({
  perSecond,
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
  result('message-db-categories', 64, 1, 4000),
  result('daybook-nats', 256, 1, 12_000),
  result('plain-insert', 256, 1, 20_000),
  result('daybook-nats', 1, 100, 8000),
  result('daybook-nats', 16, 100, 15_000),
  result('plain-insert', 1, 100, 10_000),
  result('plain-insert', 16, 100, 20_000),
]
const openLoop = (offeredPerSecond: number): OpenLoopResult => ({
  system: 'daybook-nats',
  offeredPerSecond,
  seconds: 10,
  ...figures(offeredPerSecond),
  maxMs: 9,
})
const watched = { ...openLoop(5000), tail: { events: 5000, p50Ms: 20, p99Ms: 50, maxMs: 60 } }
const offered = [openLoop(2000), openLoop(5000), watched]
const stored = [{ system: 'emmett', acknowledged: 5, stored: 5 }]

/** Which targets a run missed. */
function missed(...run: Parameters<typeof judge>): string[] {
  return judge(...run).flatMap(({ id, ok }) => (ok ? [] : [id]))
}

describe('judge', () => {
  it('compares with the best of the peers, and batches at the callers where Daybook is fastest', () => {
    const verdicts = new Map(judge(results, offered, stored).map((verdict) => [verdict.id, verdict]))
    expect(verdicts.get('T1')).toMatchObject({ ok: true, value: 2 })
    expect(verdicts.get('T2')).toMatchObject({ ok: true, value: 0.75 })
    expect(verdicts.get('T5')).toMatchObject({ ok: true, value: 3 })
    expect(missed(results, offered, stored)).toEqual([])
  })

  it('misses when the throughput falls short', () => {
    const slow = results.map((each) =>
      each.system === 'daybook-nats' ? { ...each, perSecond: each.perSecond / 2 } : each,
    )
    expect(missed(slow, offered, stored)).toEqual(['T1', 'T2', 'T5'])
  })

  it('misses when an answer, or news at the live tail, takes too long', () => {
    expect(missed(results, [{ ...openLoop(2000), p99Ms: 25.1 }, watched], stored)).toEqual(['T3'])
    expect(missed(results, [openLoop(2000), { ...openLoop(5000), p50Ms: 5.1 }], stored)).toEqual(['T3.2'])
    const late = { ...watched, tail: { ...watched.tail, p99Ms: 61 } }
    expect(missed(results, [openLoop(2000), late], stored)).toEqual(['T7'])
    const crowded = results.map((each) => ({ ...each, p99Ms: each.callers === 256 ? 41 : 2 }))
    expect(missed(crowded, offered, stored)).toEqual(['T6'])
  })

  it('misses when a system does not hold what it acknowledged', () => {
    const verdicts = judge(results, offered, [{ system: 'emmett', acknowledged: 5, stored: 4 }])
    const verdict = verdicts.find(({ id }) => id === 'T4')
    expect(verdict).toMatchObject({ ok: false, value: 1 })
    expect(verdict?.text).toContain('emmett 4 of 5')
  })
})
