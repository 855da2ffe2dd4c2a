import { describe, expect, it } from 'vitest'
import type { CronResult, MeasurementName, StepLateness } from '../src/cron/result.ts'
import { judgeCron } from '../src/cron/targets.ts'

const late = (step: StepLateness['step'], p99Ms: number, more: Partial<StepLateness> = {}): StepLateness => ({
  step,
  count: 1_000,
  minMs: 1,
  p50Ms: 5,
  p99Ms,
  maxMs: p99Ms,
  ...more,
})

const result = (
  measurement: MeasurementName,
  steps: StepLateness[],
  more: Partial<CronResult> = {},
): CronResult => ({
  system: 'daybook',
  measurement,
  tally: { expected: 1_000, started: 1_000, again: 0, unexpected: 0 },
  others: [],
  heardAgain: 0,
  steps,
  cpu: [],
  ...more,
})

const steps = [late('decided', 20), late('recorded', 60), late('committed', 100), late('heard', 150)]

const kept: Record<MeasurementName, CronResult> = {
  together: result('together', steps),
  worked: result('worked', [
    late('decided', 500),
    late('recorded', 600),
    late('committed', 900),
    late('heard', 3_000),
  ]),
  spread: result('spread', steps),
  instances: result('instances', steps),
  minute: result('minute', [late('heard', 151)], { system: 'graphile-worker' }),
}

/** Which targets a run missed. */
function missed(
  changed: Partial<Record<MeasurementName, Partial<CronResult>>>,
  more: CronResult[] = [],
): string[] {
  const results = Object.values(kept).map((each) => ({ ...each, ...changed[each.measurement] }))
  return judgeCron([...results, ...more]).flatMap(({ id, ok }) => (ok ? [] : [id]))
}

describe('judgeCron', () => {
  it('is met by a run at its limits, however long a worker takes to claim what has started', () => {
    expect(missed({})).toEqual([])
  })

  it('judges a start by its commit, and by its record only where commits are not known', () => {
    const slow = [late('decided', 20), late('recorded', 60), late('committed', 101), late('heard', 150)]
    expect(missed({ together: { steps: slow } })).toEqual(['C1'])
    const unknown = slow.filter(({ step }) => step !== 'committed')
    expect(
      missed({ together: { steps: unknown }, spread: { steps: slow }, instances: { steps: slow } }),
    ).toEqual(['C3', 'C4'])
  })

  it('misses a second in which the last start took more than two', () => {
    const last = [
      ...steps.filter(({ step }) => step !== 'committed'),
      late('committed', 100, { maxMs: 2_001 }),
    ]
    expect(missed({ together: { steps: last } })).toEqual(['C2'])
    expect(missed({ instances: { steps: last } })).toEqual(['C5'])
  })

  it('misses any start that was early, in whatever measurement', () => {
    const early = [...steps.filter(({ step }) => step !== 'recorded'), late('recorded', 60, { minMs: -0.1 })]
    for (const name of ['together', 'worked', 'spread', 'instances'] as const)
      expect(missed({ [name]: { steps: early } })).toEqual(['C6'])
  })

  it('misses any time that had no start, two of them, or one that nobody expects', () => {
    const tally = { expected: 1_000, started: 1_000, again: 0, unexpected: 0 }
    expect(missed({ worked: { tally: { ...tally, started: 999 } } })).toEqual(['C7'])
    const skipped = { tally: { ...tally, started: 999 }, others: [{ type: 'CRON_RUN_SKIPPED', count: 1 }] }
    const results = Object.values({ ...kept, worked: { ...kept.worked, ...skipped } })
    expect(judgeCron(results).find(({ id }) => id === 'C7')?.text).toContain('1 CRON_RUN_SKIPPED')
    expect(missed({ instances: { tally: { ...tally, again: 1 } } })).toEqual(['C7'])
    expect(missed({ spread: { tally: { ...tally, unexpected: 1 } } })).toEqual(['C7'])
  })

  it('misses a peer that is as punctual, unless that one left something out', () => {
    const punctual = result('minute', [late('heard', 150)], { system: 'pg-boss' })
    expect(missed({}, [punctual])).toEqual(['C8'])
    const incomplete = { ...punctual, tally: { ...punctual.tally, started: 999 } }
    expect(missed({}, [incomplete])).toEqual([])
  })

  it('misses everything about a measurement in which nothing started', () => {
    const none = { minMs: Number.NaN }
    const nothing = [
      late('decided', Number.NaN, none),
      late('recorded', Number.NaN, none),
      late('heard', Number.NaN),
    ]
    const tally = { expected: 1_000, started: 0, again: 0, unexpected: 0 }
    expect(missed({ together: { steps: nothing, tally } })).toEqual(['C1', 'C2', 'C6', 'C7', 'C8'])
  })
})
