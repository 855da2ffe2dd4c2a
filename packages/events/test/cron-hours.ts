import { expect } from 'vitest'
import { type CronDecision, dueAtOf, type JobDefinition } from '../src/index.ts'
import { CronStory, hourly, jobDefinition } from './cron-story.ts'
import { refusalOf } from './refusal.ts'

export const MINUTE_MS = 60_000
/** An instant of the day on which the jobs of the tests are defined; they run every hour. */
export const at = (time: string): string => `2026-11-22T${time}:00.000Z`
export const RUN = '20261122T010000.000Z'

export function codeOf(act: () => unknown): string {
  return refusalOf(act).code
}

export function types(decisions: readonly CronDecision[]): string[] {
  return decisions.map((one) => ('append' in one ? one.append.type : one.type))
}

/** A job whose run of 01:00 has started. */
export function started(given: Partial<JobDefinition> = {}): CronStory {
  const story = new CronStory(jobDefinition(given))
  story.give({ name: 'tick' }, at('01:00'))
  return story
}

/** And is worked on, with the token of its lease. */
export function claimed(given: Partial<JobDefinition> = {}): { story: CronStory; token: number } {
  const story = started(given)
  story.give({ name: 'claim', run: RUN, worker: 'w', claimId: 'c' }, at('01:01'))
  return { story, token: story.seq }
}

export function everySecond(given: Partial<JobDefinition>): CronStory {
  return new CronStory(jobDefinition({ schedule: { everyMs: 1_000 }, ...given }))
}

/** As the scheduler does it: as long as something is due. */
export function tickUntilQuiet(story: CronStory, now: string): void {
  for (let ticks = 0; (dueAtOf(story.now, hourly) ?? '~') <= now; ticks += 1) {
    expect(ticks).toBeLessThan(10)
    story.give({ name: 'tick' }, now)
  }
}
