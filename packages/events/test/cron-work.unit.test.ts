import { describe, expect, it } from 'vitest'
import { dueAtOf } from '../src/index.ts'
import { at, claimed, codeOf, MINUTE_MS, RUN, started, types } from './cron-hours.ts'
import { CronStory, hourly, jobDefinition } from './cron-story.ts'

describe('work under a lease', () => {
  it('is given to one worker, and to the same one when it asks again', () => {
    const { story } = claimed()
    expect(story.give({ name: 'claim', run: RUN, worker: 'w', claimId: 'c' }, at('01:02'))).toEqual([])
    expect(story.give({ name: 'claim', run: RUN, worker: 'w', claimId: 'd' }, at('01:02'))).toEqual([])
  })

  it('is given to nobody any more when the lease ran out and it is not to be tried again', () => {
    const { story } = claimed({ action: { do: 'deliver', leaseMs: MINUTE_MS } })
    const claim = { name: 'claim', run: RUN, worker: 'x', claimId: 'd' } as const
    expect(types(story.give(claim, at('01:05')))).toEqual(['CRON_RUN_FINISHED'])
  })

  it('is asked to end once', () => {
    const { story } = claimed()
    const cancel = { name: 'cancel', run: RUN, reason: 'wrong day' } as const
    expect(types(story.give(cancel, at('01:05')))).toEqual(['CRON_RUN_CANCEL_REQUESTED'])
    expect(story.give(cancel, at('01:06'))).toEqual([])
  })

  it('is finished with the token, once', () => {
    const { story, token } = claimed()
    const finish = { name: 'finish', run: RUN, token, status: 'succeeded', result: { pages: 3 } } as const
    story.give(finish, at('01:05'))
    expect(story.run(RUN)).toMatchObject({ state: 'succeeded', result: { pages: 3 }, endedToken: token })
    expect(codeOf(() => story.give(finish, at('01:06')))).toBe('lease-lost')
  })

  it('refuses a token that is not the one of the lease', () => {
    const { story, token } = claimed()
    const finish = { name: 'finish', run: RUN, token: token - 1, status: 'succeeded' } as const
    expect(codeOf(() => story.give(finish, at('01:05')))).toBe('lease-lost')
  })

  it('refuses the worker whose lease ran out, also before that was settled', () => {
    const { story, token } = claimed({ action: { do: 'deliver', leaseMs: MINUTE_MS } })
    const finish = { name: 'finish', run: RUN, token, status: 'succeeded' } as const
    expect(codeOf(() => story.give(finish, at('01:02')))).toBe('lease-lost')
  })

  it('can be given back, which is no attempt', () => {
    const { story, token } = claimed()
    story.give({ name: 'release', run: RUN, token, reason: 'the worker stops' }, at('01:05'))
    expect(story.run(RUN)).toMatchObject({ state: 'active', attempt: 1 })
    story.give({ name: 'claim', run: RUN, worker: 'x', claimId: 'd' }, at('01:06'))
    expect(story.run(RUN).lease).toMatchObject({ worker: 'x' })
    expect(codeOf(() => story.give({ name: 'extend', run: RUN, token }, at('01:07')))).toBe('lease-lost')
  })

  it('ends when it is given back by who was asked to end it', () => {
    const { story, token } = claimed()
    story.give({ name: 'cancel', run: RUN }, at('01:05'))
    story.give({ name: 'release', run: RUN, token, reason: 'the worker stops' }, at('01:06'))
    expect(story.run(RUN).state).toBe('cancelled')
  })

  it('lasts longer when it is extended, and never beyond the deadline', () => {
    const { story, token } = claimed({
      action: { do: 'deliver', leaseMs: 5 * MINUTE_MS },
      timeoutMs: 30 * MINUTE_MS,
    })
    story.give({ name: 'extend', run: RUN, token, leaseMs: 120 * MINUTE_MS }, at('01:05'))
    expect(story.run(RUN).lease).toMatchObject({ until: at('01:30'), token: story.seq })
    story.give({ name: 'finish', run: RUN, token, status: 'succeeded' }, at('01:20'))
    expect(story.run(RUN).state).toBe('succeeded')
  })

  it('is tried again when the lease runs out, as often as the job says', () => {
    const retry = { maxAttempts: 2, backoffMs: 60_000 }
    const { story } = claimed({ action: { do: 'deliver', leaseMs: MINUTE_MS }, retry })
    expect(dueAtOf(story.now, hourly)).toBe(at('01:02'))
    story.give({ name: 'tick' }, at('01:02'))
    expect(story.run(RUN)).toMatchObject({ state: 'retrying', failures: [{ attempt: 1, worker: 'w' }] })
    story.give({ name: 'tick' }, at('01:03'))
    expect(story.run(RUN)).toMatchObject({ state: 'active', attempt: 2, startedAt: at('01:00') })
    story.give({ name: 'claim', run: RUN, worker: 'x', claimId: 'd' }, at('01:04'))
    story.give({ name: 'tick' }, at('01:05'))
    expect(story.run(RUN)).toMatchObject({ state: 'failed', error: { class: 'lease-expired' } })
  })

  it('is not tried again while the job is set aside', () => {
    const { story, token } = claimed({ retry: { maxAttempts: 2, backoffMs: 0 } })
    story.give({ name: 'finish', run: RUN, token, status: 'failed' }, at('01:05'))
    story.give({ name: 'set-aside', code: 'invalid-schedule', message: 'no such zone' }, at('01:05'))
    expect(story.give({ name: 'tick' }, at('01:06'))).toEqual([])
    expect(dueAtOf(story.now, hourly)).toBeUndefined()
  })

  it('ends at once when it is cancelled between two attempts', () => {
    const { story, token } = claimed({ retry: { maxAttempts: 2, backoffMs: 60 * MINUTE_MS } })
    story.give({ name: 'finish', run: RUN, token, status: 'failed' }, at('01:05'))
    story.give({ name: 'cancel', run: RUN }, at('01:06'))
    expect(story.run(RUN).state).toBe('cancelled')
  })

  it('is not tried again when the failure says that this cannot help', () => {
    const { story, token } = claimed({ retry: { maxAttempts: 5, backoffMs: 0 } })
    const error = { class: 'bad-input', message: 'no such report', retryable: false }
    story.give({ name: 'finish', run: RUN, token, status: 'failed', error }, at('01:05'))
    expect(story.run(RUN)).toMatchObject({ state: 'failed', error })
  })

  it('is not tried again after the deadline', () => {
    const retry = { maxAttempts: 5, backoffMs: 60 * MINUTE_MS }
    const { story, token } = claimed({ retry, timeoutMs: 30 * MINUTE_MS })
    const error = { class: 'busy', message: 'later', retryable: true }
    story.give({ name: 'finish', run: RUN, token, status: 'failed', error }, at('01:05'))
    expect(story.run(RUN).state).toBe('failed')
  })

  it('ends by the deadline, however often it was extended', () => {
    const { story } = claimed({ timeoutMs: 30 * MINUTE_MS })
    expect(types(story.give({ name: 'tick' }, at('01:30')))).toEqual(['CRON_RUN_TIMED_OUT'])
    expect(story.run(RUN).state).toBe('timed-out')
  })
})

describe('a run that is replaced', () => {
  it('ends before the new one starts', () => {
    const { story, token } = claimed({ concurrency: 'replace' })
    story.give({ name: 'tick' }, at('02:00'))
    story.give({ name: 'extend', run: RUN, token, leaseMs: 60 * MINUTE_MS }, at('02:00'))
    expect(story.run(RUN).cancel).toMatchObject({ by: '20261122T020000.000Z' })
    story.give({ name: 'finish', run: RUN, token, status: 'cancelled' }, at('02:00'))
    expect(story.run('20261122T020000.000Z').state).toBe('active')
  })

  it('is given up on when it does not end, and is never tried again', () => {
    const action = { do: 'publish', subject: 's' } as const
    const story = started({ concurrency: 'replace', action, retry: { maxAttempts: 9, backoffMs: 0 } })
    story.give({ name: 'tick' }, at('02:00'))
    expect(dueAtOf(story.now, hourly)).toBe(at('02:01'))
    story.give({ name: 'tick' }, at('02:01'))
    expect(story.run(RUN)).toMatchObject({ state: 'cancelled', attempt: 1 })
    expect(story.run('20261122T020000.000Z').state).toBe('active')
  })

  it('is not tried again when it fails meanwhile', () => {
    const { story, token } = claimed({ concurrency: 'replace', retry: { maxAttempts: 9, backoffMs: 0 } })
    story.give({ name: 'tick' }, at('02:00'))
    story.give({ name: 'extend', run: RUN, token, leaseMs: 60 * MINUTE_MS }, at('02:00'))
    story.give({ name: 'finish', run: RUN, token, status: 'failed' }, at('02:00'))
    expect(story.run(RUN).state).toBe('cancelled')
  })

  it('ends at once where nobody has begun with it', () => {
    const story = started({ concurrency: 'replace' })
    expect(types(story.give({ name: 'tick' }, at('02:00')))).toEqual([
      'CRON_RUN_FINISHED',
      'CRON_RUN_STARTED',
    ])
  })

  it('gives way to the newest where several wait', () => {
    const story = started({
      concurrency: 'replace',
      action: { do: 'publish', subject: 's' },
      cancelTimeoutMs: 9e6,
    })
    story.give({ name: 'tick' }, at('02:00'))
    const next = story.give({ name: 'tick' }, at('03:00'))
    expect(types(next)).toEqual(['CRON_RUN_SKIPPED', 'CRON_RUN_QUEUED'])
    expect(story.run('20261122T020000.000Z')).toMatchObject({ state: 'skipped', reason: 'replaced' })
    expect(story.run('20261122T030000.000Z').state).toBe('queued')
  })
})

describe('an action', () => {
  it('appends its event with the start, with the time that it is for', () => {
    const data = { title: 'digest' }
    const action = { do: 'append', stream: 'note/n', type: 'Note', v: 1, data, slotAs: 'day' } as const
    const story = new CronStory(jobDefinition({ action }))
    const [start, appended, finished] = story.give({ name: 'tick' }, at('01:00'))
    expect(start).toMatchObject({ type: 'CRON_RUN_STARTED', key: `slot:${at('01:00')}` })
    expect(appended).toEqual({
      append: {
        stream: 'note/n',
        type: 'Note',
        v: 1,
        data: { title: 'digest', day: at('01:00') },
        key: `cron:job:${RUN}`,
        correlationId: `cron:job:${RUN}`,
      },
    })
    expect(finished).toMatchObject({
      type: 'CRON_RUN_FINISHED',
      key: `end:${RUN}`,
      data: { status: 'succeeded' },
    })
  })

  it('starts a run of its own for each attempt, and has it stop when it takes too long', () => {
    const entrypoint = { importPath: 'digest.mjs', exportName: 'digest' }
    const action = { do: 'run', processId: 'digest', entrypoint, slotAs: 'day' } as const
    const story = started({ action, timeoutMs: 30 * MINUTE_MS, retry: { maxAttempts: 2, backoffMs: 0 } })
    story.give({ name: 'ended', run: RUN, attempt: 1, status: 'failed' }, at('01:05'))
    const [again, created] = story.give({ name: 'tick' }, at('01:05'))
    expect(again).toMatchObject({ data: { attempt: 2, target: `run/cron:job:${RUN}:2` } })
    expect(created).toMatchObject({
      type: 'RUN_CREATED',
      stream: `run/cron:job:${RUN}:2`,
      data: { runId: `cron:job:${RUN}:2`, inputs: { day: at('01:00') } },
    })
    const over = story.give({ name: 'tick' }, at('01:30'))
    expect(types(over)).toEqual(['CRON_RUN_TIMED_OUT', 'RUN_CANCEL_REQUESTED'])
  })

  it('is not ended by what an earlier attempt came to', () => {
    const story = started({
      action: { do: 'publish', subject: 's' },
      retry: { maxAttempts: 2, backoffMs: 0 },
    })
    story.give({ name: 'ended', run: RUN, attempt: 1, status: 'failed' }, at('01:05'))
    story.give({ name: 'tick' }, at('01:05'))
    expect(story.give({ name: 'ended', run: RUN, attempt: 1, status: 'succeeded' }, at('01:06'))).toEqual([])
  })
})
