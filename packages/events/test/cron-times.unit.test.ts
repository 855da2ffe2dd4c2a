import { describe, expect, it } from 'vitest'
import { dueAtOf, jitterMsOf, nextSlotOf } from '../src/index.ts'
import { at, everySecond, MINUTE_MS, tickUntilQuiet } from './cron-hours.ts'
import { CronStory, hourly, jobDefinition } from './cron-story.ts'

describe('the times of a job', () => {
  it('are those between its start and its end', () => {
    const story = new CronStory(jobDefinition({ startAt: at('03:00'), endAt: at('04:30') }))
    expect(nextSlotOf(story.now, hourly)).toBe(at('03:00'))
    const action = { name: 'ended', run: '20261122T030000.000Z', attempt: 1, status: 'succeeded' } as const
    story.give({ name: 'tick' }, at('03:00'))
    story.give(action, at('03:10'))
    story.give({ name: 'tick' }, at('04:00'))
    expect(nextSlotOf(story.now, hourly)).toBeUndefined()
  })

  it('start later by their jitter, always by the same', () => {
    const story = new CronStory(jobDefinition({ jitterMs: 30 * MINUTE_MS }))
    const dueAt = dueAtOf(story.now, hourly) ?? ''
    expect(dueAt > at('01:00') && dueAt <= at('01:30')).toBe(true)
    expect(dueAtOf(story.now, hourly)).toBe(dueAt)
    const before = new Date(Date.parse(dueAt) - 1).toISOString()
    expect(story.give({ name: 'tick' }, before)).toEqual([])
    expect(story.give({ name: 'tick' }, dueAt)).toMatchObject([{ data: { slot: at('01:00') } }])
  })

  it('are decided in order, also where a later one is due before an earlier one', () => {
    const jitterMs = 3 * 60 * MINUTE_MS
    const dueMs = (slot: number) =>
      slot + jitterMsOf({ name: 'job', slot: new Date(slot).toISOString(), jitterMs })
    const hours = Array.from({ length: 200 }, (_, n) => Date.parse(at('01:00')) + n * 60 * MINUTE_MS)
    const first = hours.find((slot) => dueMs(slot) > dueMs(slot + 60 * MINUTE_MS) + 5 * MINUTE_MS) ?? 0
    const startAt = new Date(first).toISOString()
    const story = new CronStory(jobDefinition({ jitterMs, startAt, concurrency: 'allow', misfire: 'skip' }))
    story.give({ name: 'tick' }, new Date(dueMs(first)).toISOString())
    expect(story.now.runs.slice(0, 2).map(({ slot }) => slot)).toEqual([
      startAt,
      new Date(first + 60 * MINUTE_MS).toISOString(),
    ])
  })

  it.each(['catch-up', 'review'] as const)('make up (%s) for the newest of very many', (misfire) => {
    const story = everySecond({ misfire, catchUpLimit: 5, misfireGraceMs: 0 })
    tickUntilQuiet(story, '2026-11-22T01:00:00.500Z')
    const slots = story.now.runs.map(({ slot }) => slot)
    expect(slots).toEqual(
      [56, 57, 58, 59].map((second) => `2026-11-22T00:59:${second}.000Z`).concat(at('01:00')),
    )
    expect(story.now.counts.missed).toBe(3_595)
  })

  it('run once for very many, for the last of them', () => {
    const story = everySecond({ misfire: 'run-once', misfireGraceMs: 0 })
    tickUntilQuiet(story, '2026-11-22T01:00:00.500Z')
    expect(story.now.runs.map(({ slot }) => slot)).toEqual([at('01:00')])
    expect(story.now.counts.missed).toBe(3_599)
  })

  it('run once for some that were missed, by the one that is on time', () => {
    const story = new CronStory(jobDefinition({ misfire: 'run-once' }))
    story.give({ name: 'tick' }, at('04:00'))
    expect(story.now.runs.map(({ slot }) => slot)).toEqual([at('04:00')])
    expect(story.now.counts).toMatchObject({ missed: 3, started: 1 })
  })

  it('make no more runs than they may, also where several come at once', () => {
    const story = everySecond({ maxRuns: 2, concurrency: 'allow' })
    story.give({ name: 'tick' }, '2026-11-22T00:00:10.000Z')
    expect(story.now.slotRuns).toBe(2)
  })

  it('make no more runs than can be open, and time them out in bounded steps', () => {
    const entrypoint = { importPath: 'p.mjs', exportName: 'p' }
    const action = { do: 'run', processId: 'p', entrypoint } as const
    const graceful = { misfireGraceMs: 60 * MINUTE_MS, timeoutMs: 60 * MINUTE_MS }
    const story = everySecond({ concurrency: 'allow', action, ...graceful, maxRuns: 600 })
    tickUntilQuiet(story, at('00:20'))
    expect(story.now.runs.length).toBe(500)
    expect(story.now.counts.skipped).toBeGreaterThan(0)
    expect(story.give({ name: 'tick' }, at('01:30')).length).toBeLessThan(500)
  })

  it('let one wait, and no more', () => {
    const story = everySecond({ concurrency: 'queue-one' })
    story.give({ name: 'tick' }, '2026-11-22T00:00:04.000Z')
    expect(story.now.runs.map(({ state }) => state)).toEqual(['active', 'queued'])
    expect(story.now.counts.skipped).toBe(2)
  })
})
