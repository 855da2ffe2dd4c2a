import { describe, expect, it } from 'vitest'
import { dueAtOf, nextSlotOf } from '../src/index.ts'
import { at, claimed, codeOf, MINUTE_MS, RUN, started, tickUntilQuiet, types } from './cron-hours.ts'
import { CronStory, hourly, jobDefinition } from './cron-story.ts'

describe('defining a job', () => {
  it('is done once, however often it is said', () => {
    const story = new CronStory(jobDefinition())
    expect(story.give({ name: 'define', definition: jobDefinition() }, at('00:30'))).toEqual([])
  })

  it('refuses another job of the name', () => {
    const story = new CronStory(jobDefinition())
    const other = { name: 'define', definition: jobDefinition({ jitterMs: 1 }) } as const
    expect(codeOf(() => story.give(other, at('00:30')))).toBe('already-exists')
  })

  it('begins anew after a deletion, with no time of the past', () => {
    const story = started()
    story.give({ name: 'delete' }, at('01:30'))
    story.give({ name: 'define', definition: jobDefinition() }, at('05:30'))
    expect(story.now).toMatchObject({ phase: 'active', counts: { started: 0 }, slotRuns: 0 })
    expect(nextSlotOf(story.now, hourly)).toBe(at('06:00'))
  })

  it('decides no time again after a deletion, also where the clock was put back', () => {
    const story = started()
    story.give({ name: 'delete' }, at('01:30'))
    story.give({ name: 'define', definition: jobDefinition() }, at('00:30'))
    expect(nextSlotOf(story.now, hourly)).toBe(at('02:00'))
  })
})

describe('updating a job', () => {
  it('decides what is due by the old definition before', () => {
    const story = new CronStory(jobDefinition())
    const definition = jobDefinition({ description: 'new' })
    expect(types(story.give({ name: 'update', definition }, at('01:00')))).toEqual([
      'CRON_RUN_STARTED',
      'CRON_JOB_UPDATED',
    ])
  })

  it('has a new schedule count from then on', () => {
    const story = new CronStory(jobDefinition())
    const definition = jobDefinition({ schedule: { everyMs: 10 * MINUTE_MS } })
    story.give({ name: 'update', definition }, at('00:35'))
    expect(nextSlotOf(story.now, hourly)).toBe(at('00:40'))
  })

  it('refuses what was changed meanwhile', () => {
    const story = new CronStory(jobDefinition())
    story.give({ name: 'update', definition: jobDefinition({ jitterMs: 1 }) }, at('00:10'))
    const late = { name: 'update', definition: jobDefinition({ jitterMs: 2 }), ifRevision: 1 } as const
    expect(codeOf(() => story.give(late, at('00:20')))).toBe('conflict')
  })

  it('brings back a job that was set aside', () => {
    const story = new CronStory(jobDefinition())
    story.give({ name: 'set-aside', code: 'invalid-schedule', message: 'no such zone' }, at('00:10'))
    expect(dueAtOf(story.now, hourly)).toBeUndefined()
    story.give({ name: 'update', definition: jobDefinition() }, at('00:20'))
    expect(story.now).toMatchObject({ phase: 'active' })
    expect(story.now.problem).toBeUndefined()
  })
})

describe('a pause', () => {
  it('decides nothing, and makes its times missed ones', () => {
    const story = new CronStory(jobDefinition({ misfire: 'skip' }))
    story.give({ name: 'pause', reason: 'maintenance' }, at('00:10'))
    expect(story.give({ name: 'tick' }, at('03:30'))).toEqual([])
    expect(dueAtOf(story.now, hourly)).toBeUndefined()
    expect(types(story.give({ name: 'resume' }, at('03:30')))).toEqual([
      'CRON_JOB_RESUMED',
      'CRON_SLOTS_MISSED',
    ])
  })

  it('decides what is due before', () => {
    const story = new CronStory(jobDefinition())
    expect(types(story.give({ name: 'pause' }, at('01:00')))).toEqual(['CRON_RUN_STARTED', 'CRON_JOB_PAUSED'])
  })

  it('holds what waits, and lets a person start a run', () => {
    const story = started({ concurrency: 'queue-one', action: { do: 'publish', subject: 's' } })
    story.give({ name: 'tick' }, at('02:00'))
    story.give({ name: 'pause' }, at('02:10'))
    story.give({ name: 'ended', run: RUN, attempt: 1, status: 'succeeded' }, at('02:20'))
    expect(story.now.runs).toMatchObject([{ state: 'queued' }])
    story.give({ name: 'run-now', requestId: 'r' }, at('02:30'))
    expect(story.run('now-r').state).toBe('active')
  })
})

describe('a run that somebody wants now', () => {
  it('is one run, however often it is asked for', () => {
    const story = new CronStory(jobDefinition())
    story.give({ name: 'run-now', requestId: 'r' }, at('00:10'))
    expect(story.give({ name: 'run-now', requestId: 'r' }, at('00:11'))).toEqual([])
  })

  it('waits for the one that runs', () => {
    const story = started()
    story.give({ name: 'run-now', requestId: 'r' }, at('01:10'))
    expect(story.run('now-r')).toMatchObject({ state: 'queued', reason: 'overlap' })
    story.give({ name: 'cancel', run: RUN }, at('01:11'))
    expect(story.run('now-r').state).toBe('active')
  })

  it('is none of the runs that its times may make', () => {
    const story = new CronStory(jobDefinition({ maxRuns: 1, action: { do: 'publish', subject: 's' } }))
    story.give({ name: 'run-now', requestId: 'r' }, at('00:10'))
    story.give({ name: 'ended', run: 'now-r', attempt: 1, status: 'succeeded' }, at('00:11'))
    expect(types(story.give({ name: 'tick' }, at('01:00')))).toEqual(['CRON_RUN_STARTED'])
    expect(nextSlotOf(story.now, hourly)).toBeUndefined()
  })

  it('is refused while the job is set aside', () => {
    const story = new CronStory(jobDefinition())
    story.give({ name: 'set-aside', code: 'x', message: 'bad' }, at('00:10'))
    expect(codeOf(() => story.give({ name: 'run-now', requestId: 'r' }, at('00:20')))).toBe(
      'invalid-transition',
    )
  })
})

describe('a backfill', () => {
  const slots = ['2026-11-01T00:00:00.000Z', '2026-11-01T01:00:00.000Z', '2026-11-01T02:00:00.000Z']

  it('runs its times one after the other, whatever became of them before', () => {
    const story = new CronStory(jobDefinition({ action: { do: 'publish', subject: 's' } }))
    story.give({ name: 'backfill', backfillId: 'b', slots }, at('00:10'))
    expect(story.now.runs.map(({ state, slot }) => [state, slot])).toEqual([
      ['active', slots[0]],
      ['queued', slots[1]],
      ['queued', slots[2]],
    ])
    story.give({ name: 'ended', run: '20261101T000000.000Z-b', attempt: 1, status: 'succeeded' }, at('00:11'))
    expect(story.now.runs.map(({ state }) => state)).toEqual(['active', 'queued'])
  })

  it('is done in bounded steps', () => {
    const action = { do: 'append', stream: 'note/n', type: 'Note', v: 1, data: {} } as const
    const story = new CronStory(jobDefinition({ action, concurrency: 'allow' }))
    const many = Array.from({ length: 500 }, (_, n) => new Date(n * MINUTE_MS).toISOString())
    expect(story.give({ name: 'backfill', backfillId: 'b', slots: many }, at('00:10')).length).toBeLessThan(
      1_000,
    )
    tickUntilQuiet(story, at('00:10'))
    expect(story.now.counts.succeeded).toBe(500)
  })

  it('refuses more than may be open', () => {
    const story = new CronStory(jobDefinition())
    const many = Array.from({ length: 501 }, (_, n) => new Date(n * MINUTE_MS).toISOString())
    const wish = { name: 'backfill', backfillId: 'b', slots: many } as const
    expect(codeOf(() => story.give(wish, at('00:10')))).toBe('overloaded')
  })
})

describe('a run that is held', () => {
  function held(): CronStory {
    const story = new CronStory(jobDefinition({ misfire: 'review' }))
    story.give({ name: 'tick' }, at('01:30'))
    return story
  }

  it('runs when a person approves it', () => {
    const story = held()
    expect(types(story.give({ name: 'approve', run: RUN }, at('02:00')))).toEqual([
      'CRON_RUN_QUEUED',
      'CRON_RUN_STARTED',
    ])
    expect(story.give({ name: 'approve', run: RUN }, at('02:01'))).toEqual([])
  })

  it('is done with when a person dismisses it', () => {
    const story = held()
    story.give({ name: 'dismiss', run: RUN, reason: 'too late' }, at('02:00'))
    expect(story.run(RUN)).toMatchObject({ state: 'skipped', reason: 'dismissed', note: 'too late' })
  })

  it('refuses to dismiss what runs', () => {
    expect(codeOf(() => started().give({ name: 'dismiss', run: RUN }, at('01:10')))).toBe(
      'invalid-transition',
    )
  })
})

describe('a deleted job', () => {
  it('starts nothing more, and lets what is worked on end', () => {
    const { story, token } = claimed({ retry: { maxAttempts: 3, backoffMs: 0 } })
    story.give({ name: 'run-now', requestId: 'r' }, at('01:02'))
    story.give({ name: 'delete', reason: 'done' }, at('01:03'))
    expect(story.run('now-r')).toMatchObject({ state: 'skipped', reason: 'deleted' })
    expect(types(story.give({ name: 'tick' }, at('02:01')))).toEqual(['CRON_RUN_FINISHED'])
    expect(story.give({ name: 'delete' }, at('02:02'))).toEqual([])
    expect(codeOf(() => story.give({ name: 'pause' }, at('02:02')))).toBe('not-found')
    expect(codeOf(() => story.give({ name: 'finish', run: RUN, token, status: 'failed' }, at('02:03')))).toBe(
      'lease-lost',
    )
    expect(story.run(RUN).state).toBe('failed')
  })
})

describe('an erasure', () => {
  it('leaves nothing of what people and programs said, and sets aside a job without its definition', () => {
    const { story, token } = claimed({ retry: { maxAttempts: 2, backoffMs: 0 } })
    const error = { class: 'secret-class', message: 'secret message', retryable: true }
    story.give({ name: 'finish', run: RUN, token, status: 'failed', error }, at('01:05'))
    story.give({ name: 'pause', reason: 'secret reason' }, at('01:06'))
    story.erase(1, story.seq)
    expect(JSON.stringify(story.now)).not.toContain('secret')
    expect(story.now).toMatchObject({ phase: 'set-aside', problem: { code: 'no-definition' } })
    expect(story.now.definition).toBeUndefined()
  })
})
