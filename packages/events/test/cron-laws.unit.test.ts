import { DaybookError } from '@daybook/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CronDecision, dueAtOf, type JobDefinition, runNameOfSlot } from '../src/index.ts'
import { CronStory, hourly, jobDefinition } from './cron-story.ts'

const START_MS = Date.UTC(2026, 10, 22)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const definitions = fc.record({
  concurrency: fc.constantFrom<JobDefinition['concurrency'][]>('forbid', 'replace', 'queue-one', 'allow'),
  misfire: fc.constantFrom<JobDefinition['misfire'][]>('skip', 'run-once', 'catch-up', 'review'),
  action: fc.constantFrom<JobDefinition['action'][]>(
    { do: 'deliver', leaseMs: 30 * MINUTE_MS },
    { do: 'publish', subject: 'hours' },
    { do: 'append', stream: 'note/hours', type: 'Hour', v: 1, data: {} },
    { do: 'run', processId: 'p', entrypoint: { importPath: 'p.mjs', exportName: 'p' } },
  ),
  catchUpLimit: fc.integer({ min: 1, max: 20 }),
  jitterMs: fc.constantFrom(0, 90 * MINUTE_MS),
  timeoutMs: fc.constantFrom(10 * MINUTE_MS, 5 * HOUR_MS),
  retry: fc.record({ maxAttempts: fc.integer({ min: 1, max: 3 }), backoffMs: fc.constantFrom(0, HOUR_MS) }),
})

type Act =
  | { readonly do: 'pause' | 'resume' | 'tick' | 'run-now' | 'backfill' | 'claim' | 'delete' | 'update' }
  | {
      readonly do: 'finish' | 'cancel' | 'approve' | 'dismiss'
      readonly nth: number
      readonly isGood: boolean
    }

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('pause', 'resume', 'run-now', 'backfill', 'claim', 'update', 'delete'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('finish', 'finish', 'cancel', 'approve', 'dismiss'),
      nth: fc.nat(5),
      isGood: fc.boolean(),
    }),
  },
)
/** Mostly on; sometimes days on, and sometimes an hour back. */
const passing = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 90 }).map((minutes) => minutes * MINUTE_MS) },
  { weight: 1, arbitrary: fc.constant(4 * DAY_MS) },
  { weight: 1, arbitrary: fc.constant(-HOUR_MS) },
)
const stories = fc.record({
  given: definitions,
  steps: fc.array(fc.record({ act: acts, afterMs: passing }), { maxLength: 40 }),
})

/** What is refused is no fault: whoever asks may ask too late. */
function perform(story: CronStory, act: Act, now: string, step: number): void {
  try {
    give(story, act, now, step)
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
  }
}

function give(story: CronStory, act: Act, now: string, step: number): void {
  const { runs, definition } = story.now
  const run =
    'nth' in act ? runs[act.nth % Math.max(1, runs.length)] : runs.find(({ state }) => state === 'active')
  const name = run?.run ?? 'none'
  switch (act.do) {
    case 'run-now':
      story.give({ name: 'run-now', requestId: `r${step}` }, now)
      break
    case 'backfill':
      story.give(
        {
          name: 'backfill',
          backfillId: `b${step}`,
          slots: ['2026-11-01T00:00:00.000Z', '2026-11-01T01:00:00.000Z'],
        },
        now,
      )
      break
    case 'claim':
      story.give({ name: 'claim', run: name, worker: 'w', claimId: `c${step}` }, now)
      break
    case 'update':
      if (definition !== undefined)
        story.give({ name: 'update', definition: { ...definition, description: `${step}` } }, now)
      break
    case 'finish': {
      const status = act.isGood ? ('succeeded' as const) : ('failed' as const)
      if (run?.lease !== undefined)
        story.give({ name: 'finish', run: name, token: run.lease.token, status }, now)
      else story.give({ name: 'ended', run: name, attempt: run?.attempt ?? 1, status }, now)
      break
    }
    case 'cancel':
    case 'approve':
    case 'dismiss':
      story.give({ name: act.do, run: name }, now)
      break
    case 'tick':
    case 'pause':
    case 'resume':
    case 'delete':
      story.give({ name: act.do }, now)
      break
    default:
      act satisfies never
  }
}

/** Each time that something was said of first, and how often. */
function slotsDecided(decisions: readonly CronDecision[]): string[] {
  const slots: string[] = []
  for (const decision of decisions) {
    if ('append' in decision || !(decision.key?.startsWith('slot:') ?? false)) continue
    const { data } = decision
    if ('from' in data) for (let at = data.from; at <= data.to; at = next(at)) slots.push(at)
    else if ('slot' in data && data.slot !== undefined) slots.push(data.slot)
  }
  return slots
}

function next(slot: string): string {
  return new Date(Date.parse(slot) + HOUR_MS).toISOString()
}

function play({
  given,
  steps,
}: {
  given: Partial<JobDefinition>
  steps: readonly { act: Act; afterMs: number }[]
}) {
  const story = new CronStory(jobDefinition(given))
  let nowMs = START_MS
  for (const [step, { act, afterMs }] of steps.entries()) {
    nowMs += afterMs
    perform(story, act, new Date(nowMs).toISOString(), step)
  }
  return { story, now: new Date(nowMs).toISOString() }
}

describe('a job, whatever happens to it', () => {
  it('decides each of its times once, in order, and none that has not come', () => {
    fc.assert(
      fc.property(stories, (one) => {
        const { story } = play(one)
        const slots = slotsDecided(story.decisions)
        expect(slots).toEqual([...new Set(slots)].toSorted())
        for (const slot of slots) expect(slot <= story.now.decidedUpTo).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  it('leaves no time out between two that are decided', () => {
    fc.assert(
      fc.property(stories, (one) => {
        // A deletion makes a new job of its own times, so it ends the story here.
        const steps = one.steps.filter(({ act }) => act.do !== 'delete')
        const slots = slotsDecided(play({ ...one, steps }).story.decisions)
        for (const [index, slot] of slots.entries())
          if (index > 0) expect(slot).toBe(next(slots[index - 1] ?? ''))
      }),
      { numRuns: 400 },
    )
  })

  it('has one run at a time unless they may overlap', () => {
    fc.assert(
      fc.property(stories, (one) => {
        const { story } = play(one)
        const busy = story.now.runs.filter(({ state }) => state === 'active' || state === 'retrying')
        if (one.given.concurrency !== 'allow') expect(busy.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 400 },
    )
  })

  it('counts what has become of its runs', () => {
    fc.assert(
      fc.property(stories, (one) => {
        // A deletion makes a new job, which counts anew.
        const { story } = play({ ...one, steps: one.steps.filter(({ act }) => act.do !== 'delete') })
        const runs = [...story.runs.values()]
        const { missed, started, timedOut, ...counts } = story.now.counts
        for (const [state, count] of Object.entries({ ...counts, 'timed-out': timedOut }))
          expect([state, count]).toEqual([state, runs.filter((run) => run.state === state).length])
        expect(missed).toBe(runs.reduce((sum, { count = 0 }) => sum + count, 0))
        expect(started).toBe(runs.filter(({ attempt }) => attempt > 0).length)
      }),
      { numRuns: 400 },
    )
  })

  it('comes to rest: what is due is done after some ticks, and each of them fits into one append', () => {
    fc.assert(
      fc.property(stories, (one) => {
        const { story, now } = play(one)
        for (let ticks = 0; ; ticks += 1) {
          const dueAt = dueAtOf(story.now, hourly)
          if (dueAt === undefined || dueAt > now) return
          expect(ticks).toBeLessThan(50)
          const decided = story.give({ name: 'tick' }, now)
          expect(decided.length).toBeGreaterThan(0)
          expect(decided.length).toBeLessThanOrEqual(1_000)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('has nothing to do before it says so', () => {
    fc.assert(
      fc.property(stories, fc.nat(3 * HOUR_MS), (one, laterMs) => {
        const { story, now } = play(one)
        const dueAt = dueAtOf(story.now, hourly)
        const then = new Date(Date.parse(now) + laterMs).toISOString()
        if (dueAt === undefined || then < dueAt) expect(story.give({ name: 'tick' }, then)).toEqual([])
      }),
      { numRuns: 400 },
    )
  })
})

describe('the name of a run', () => {
  it('tells times apart', () => {
    const instants = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
    fc.assert(
      fc.property(instants, instants, (one, other) => {
        const isSame = one.getTime() === other.getTime()
        expect(runNameOfSlot(one.toISOString()) === runNameOfSlot(other.toISOString())).toBe(isSame)
      }),
    )
  })
})
