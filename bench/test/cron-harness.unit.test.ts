import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Heard } from '../src/cron/heard.ts'
import { idleJobs, jobsOfSeconds, jobsOverSeconds, startsOf } from '../src/cron/jobs.ts'
import { latenessOf, tallyOf, wrongIn } from '../src/cron/lateness.ts'
import { measurementsOf } from '../src/cron/measurement.ts'
import { cronPlanOf } from '../src/cron/plan.ts'
import { cpuBetween, readCpu, sumCpu } from '../src/process-cpu.ts'

const firstMs = Date.parse('2026-11-22T10:00:15.000Z')
const iso = (ms: number): string => new Date(ms).toISOString()

describe('the jobs of the benchmark', () => {
  it('have the names that their measurement is read by, and no two the same', () => {
    const plan = cronPlanOf({ quick: true })
    const all = measurementsOf(plan).flatMap(({ name, prepare }) => {
      const { jobs } = prepare(firstMs)
      expect(jobs.every(({ body }) => body.name.startsWith(`${name}-`))).toBe(true)
      return jobs
    })
    expect(new Set(all.map(({ body }) => body.name)).size).toBe(all.length)
  })

  it('are due at the same seconds, fifteen apart, within the bounds of their schedules', () => {
    const stage = { name: 'together', action: 'publish' } as const
    const jobs = jobsOfSeconds(stage, { count: 8, firstMs, seconds: 3 })
    for (const { body, slots } of jobs) {
      expect(slots.map(iso)).toEqual([iso(firstMs), iso(firstMs + 15_000), iso(firstMs + 30_000)])
      expect(Date.parse(body.startAt ?? '')).toBe(firstMs - 500)
      expect(Date.parse(body.endAt ?? '')).toBe(firstMs + 30_500)
    }
    expect(new Set(jobs.map(({ body }) => JSON.stringify(body.schedule))).size).toBeGreaterThan(4)
  })

  it('are so many a second where they are spread, by expressions and by intervals', () => {
    const jobs = jobsOverSeconds('spread', { jobs: 10_000, perSecond: 100, seconds: 60, firstMs })
    const perSecond = new Map<number, number>()
    for (const slot of startsOf(jobs).values()) perSecond.set(slot, (perSecond.get(slot) ?? 0) + 1)
    expect(jobs).toHaveLength(10_000)
    expect(perSecond.size).toBe(60)
    expect(new Set(perSecond.values())).toEqual(new Set([100]))
    expect(Math.min(...perSecond.keys())).toBe(firstMs)
    const later = jobs.filter(({ slots }) => slots.length === 0)
    expect(later).toHaveLength(4_000)
    for (const { body } of later)
      expect(Date.parse(body.startAt ?? '')).toBeGreaterThan(firstMs + 5 * 3_600_000)
  })

  it('that are idle are not due for hours, in zones all over the world', () => {
    const jobs = idleJobs(700, firstMs)
    expect(jobs.every(({ slots }) => slots.length === 0)).toBe(true)
    const zones = jobs.flatMap(({ body: { schedule } }) =>
      'timezone' in schedule ? [schedule.timezone] : [],
    )
    expect(new Set(zones).size).toBeGreaterThan(20)
    for (const { body } of jobs)
      if ('at' in body.schedule) expect(Date.parse(body.schedule.at)).toBeGreaterThan(firstMs + 5 * 3_600_000)
  })
})

describe('tallyOf', () => {
  const expected = new Set(['a:1', 'a:2', 'b:1'])

  it('finds nothing wrong where everything started once', () => {
    expect(wrongIn(tallyOf(expected, ['b:1', 'a:1', 'a:2']))).toBe(0)
  })

  it('tells what did not start, started again, or was not to start', () => {
    const tally = tallyOf(expected, ['a:1', 'a:1', 'a:1', 'b:1', 'c:1'])
    expect(tally).toEqual({ expected: 3, started: 2, again: 2, unexpected: 1 })
    expect(wrongIn(tally)).toBe(4)
  })
})

describe('latenessOf', () => {
  it('keeps what was early apart from what was late', () => {
    const values = [3, -1, 10, 4]
    expect(latenessOf(values)).toEqual({ count: 4, minMs: -1, p50Ms: 3, p99Ms: 10, maxMs: 10 })
  })
})

describe('Heard', () => {
  it('keeps when something was first heard of, and counts what is heard again', async () => {
    const heard = new Heard()
    heard.note('a')
    const first = heard.at('a')
    await heard.untilAll(['a', 'b'], Date.now() + 5, new AbortController().signal)
    heard.note('a')
    expect([heard.at('a'), heard.again, heard.at('b')]).toEqual([first, 1, undefined])
  })
})

describe.skipIf(!existsSync('/proc'))('readCpu', () => {
  it('tells what this process took between two readings', async () => {
    const before = await readCpu()
    const until = process.cpuUsage().user + 50_000
    while (process.cpuUsage().user < until);
    const spent = cpuBetween(before, await readCpu())
    const own = spent.find(({ process: name }) => name === 'this process')
    expect(own?.seconds).toBeGreaterThanOrEqual(0.03)
    expect(sumCpu([spent, spent]).find(({ process: name }) => name === 'this process')?.seconds).toBeCloseTo(
      2 * (own?.seconds ?? 0),
    )
  })
})
