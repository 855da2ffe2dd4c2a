import { describe, expect, it } from 'vitest'
import { judgeRuns } from '../src/runs/targets.ts'

type Figures = Parameters<typeof judgeRuns>[0]

const read = (name: string, p95Ms: number) => ({ name, requests: 100, p50Ms: 1, p95Ms, p99Ms: p95Ms })
const met: Figures = {
  events: 50_000,
  comparedEvents: 2_000,
  reads: [
    read('first page of the tape', 20),
    read('page anywhere', 20),
    read('last page, newest first', 20),
    read('state at any seq', 50),
    read('difference between any two', 100),
  ],
  coldStateMs: 5_000,
  tail: { firstMs: 250, seconds: 5, events: 25_000 },
  auditMs: { json: 10_000, html: 10_000 },
  commands: [
    { command: 'run:events', daybookMs: 500, fileToolMs: 500 },
    { command: 'task:list', daybookMs: 400, fileToolMs: 500 },
  ],
}

/** Which targets a run misses that differs so from one that meets them all. */
function missed(difference: Partial<Figures>): string[] {
  return judgeRuns({ ...met, ...difference }).flatMap(({ id, ok }) => (ok ? [] : [id]))
}

describe('judgeRuns', () => {
  it('takes what is just as fast as it has to be', () => {
    expect(missed({})).toEqual([])
    expect(judgeRuns(met)).toHaveLength(10)
  })

  it('misses what is slower', () => {
    const slower = met.reads.map((each) => ({ ...each, p95Ms: each.p95Ms + 0.1 }))
    expect(missed({ reads: slower })).toEqual(['L1', 'L2', 'L3', 'L4'])
    expect(missed({ coldStateMs: 5_001 })).toEqual(['L5'])
    expect(missed({ tail: { ...met.tail, firstMs: 251 } })).toEqual(['L6'])
    expect(missed({ tail: { ...met.tail, events: 24_999 } })).toEqual(['L7'])
    expect(missed({ auditMs: { json: 10_001, html: 10_001 } })).toEqual(['L8', 'L9'])
    expect(missed({ commands: [{ command: 'run:status', daybookMs: 501, fileToolMs: 500 }] })).toEqual([
      'L10',
    ])
  })

  it('misses what was not measured', () => {
    expect(missed({ reads: [] })).toEqual(['L1', 'L2', 'L3', 'L4'])
  })
})
