import { describe, expect, it } from 'vitest'
import type { Figures } from '../src/figures.ts'
import type { Job, Result } from '../src/inbound/compare.ts'
import type { DrainFigures } from '../src/inbound/drain.ts'
import type { OfferFigures } from '../src/inbound/offer.ts'
import { type InboundFigures, judgeInbound } from '../src/inbound/targets.ts'

const figures = (perSecond: number): Figures => ({ perSecond, p50Ms: 1, p99Ms: 2, generatorCpu: 0.5 })

/** What a system reached at so many callers. */
type Reached = [system: string, callers: number, perSecond: number]

/** Daybook is ahead at many callers and behind at one. */
const reached: readonly Reached[] = [
  ['daybook-nats', 1, 100],
  ['daybook-nats', 64, 3_000],
  ['daybook-http', 64, 500],
  ['pg-boss', 1, 900],
  ['pg-boss', 64, 2_000],
  ['graphile-worker', 16, 1_500],
]

const resultsOf = (job: Job, conversations = 1_000): Result[] =>
  reached.map(([system, callers, perSecond]) => ({
    system,
    job,
    callers,
    conversations,
    ...figures(perSecond),
    rounds: [],
  }))

const offered = (system: string, workers: number, p99Ms: number): OfferFigures => ({
  system,
  workers,
  offeredPerSecond: 1_000,
  seconds: 10,
  ...figures(1_000),
  p99Ms,
  maxMs: 90,
})

const drain = (system: string, outOfOrder: number): DrainFigures & { system: string } => ({
  system,
  messages: 10_000,
  lanes: 100,
  workers: 16,
  seconds: 5,
  perSecond: 2_000,
  outOfOrder,
})

const kept: InboundFigures = {
  results: [
    ...resultsOf('receive'),
    ...resultsOf('duplicate'),
    ...resultsOf('cycle', 32),
    ...resultsOf('cycle', 1_000),
  ],
  offered: [offered('daybook-nats', 0, 25), offered('daybook-nats', 16, 99), offered('pg-boss', 0, 99)],
  drains: [drain('daybook-nats', 0), drain('daybook-http', 0), drain('pg-boss', 7)],
  filled: {
    small: 500,
    large: 50_000,
    lanes: 100,
    claims: 20,
    turns: 10,
    receive: { smallMs: 0.8, largeMs: 1, ratio: 0.8 },
    claim: { smallMs: 4, largeMs: 4, ratio: 1 },
  },
  stored: [{ system: 'pg-boss', acknowledged: 5, stored: 5 }],
}

/** Which targets a run missed. */
function missed(run: Partial<InboundFigures>): string[] {
  return judgeInbound({ ...kept, ...run }).flatMap(({ id, ok }) => (ok ? [] : [id]))
}

/** The figures with the pace of one system at one job and number of callers set to another. */
function paced(system: string, job: Job, callers: number, perSecond: number): Partial<InboundFigures> {
  const results = kept.results.map((each) =>
    each.system === system && each.job === job && each.callers === callers ? { ...each, perSecond } : each,
  )
  return { results }
}

describe('judgeInbound', () => {
  it('compares each system at the callers where it is fastest, and with the faster of the peers', () => {
    const verdicts = judgeInbound(kept)
    expect(missed({})).toEqual([])
    expect(verdicts.find(({ id }) => id === 'I1')).toMatchObject({ value: 1.5, target: 1 })
    expect(verdicts.map(({ id }) => id)).toEqual(['I1', 'I2', 'I3.1', 'I3.2', 'I4', 'I5', 'I6', 'I7', 'I8'])
  })

  it('misses when a peer is as fast, whichever it is and at however many callers', () => {
    expect(missed(paced('daybook-nats', 'receive', 64, 2_000))).toEqual(['I1'])
    expect(missed(paced('graphile-worker', 'duplicate', 16, 3_000))).toEqual(['I2'])
    expect(missed(paced('pg-boss', 'cycle', 1, 4_000))).toEqual(['I3.1', 'I3.2'])
  })

  it('does not let what comes through the gateway stand for what a bot’s own service does', () => {
    expect(missed(paced('daybook-http', 'receive', 64, 9_000))).toEqual([])
    const slow = paced('daybook-nats', 'receive', 64, 1_000).results ?? []
    const results = slow.map((each) =>
      each.system === 'daybook-http' ? { ...each, perSecond: 9_000 } : each,
    )
    expect(missed({ results })).toEqual(['I1'])
  })

  it('misses when an answer takes too long at the rate that is offered', () => {
    expect(missed({ offered: [offered('daybook-nats', 0, 25.1)] })).toEqual(['I4'])
  })

  it('has no verdict for a run that left something out', () => {
    expect(() => missed({ offered: [offered('daybook-nats', 16, 1)] })).toThrow('not measured')
    expect(() => missed({ drains: [drain('pg-boss', 0)] })).toThrow('not measured')
  })

  it('misses when a conversation is not worked off in its order', () => {
    expect(missed({ drains: [drain('daybook-nats', 1), drain('pg-boss', 0)] })).toEqual(['I5'])
  })

  it('misses when messages cost more the more there are', () => {
    const { filled } = kept
    expect(missed({ filled: { ...filled, receive: { ...filled.receive, ratio: 0.79 } } })).toEqual(['I6'])
    expect(missed({ filled: { ...filled, claim: { ...filled.claim, ratio: 0.79 } } })).toEqual(['I7'])
  })

  it('misses when a system does not hold what it acknowledged, or holds a repetition', () => {
    const run = { stored: [{ system: 'graphile-worker', acknowledged: 5, stored: 6 }] }
    expect(missed(run)).toEqual(['I8'])
    expect(judgeInbound({ ...kept, ...run }).at(-1)?.text).toContain('graphile-worker 6 of 5')
  })
})
