import { describe, expect, it } from 'vitest'
import { auditEntry, isFailure } from '../src/audit/entry.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { withoutPayload } from '../src/erasure/payloads-erased.ts'
import { eventTypes } from '../src/registry.ts'
import { eventOf } from './journal.ts'

const stream = 'cron/nightly'
const run = '20261122T020000.000Z'
const slot = '2026-11-22T02:00:00.000Z'
const at = '2026-11-22T02:00:00.013Z'
const until = '2026-11-22T02:05:00.013Z'
const error = { class: 'HttpError', message: '503\nfrom the model', retryable: true }
const definition = {
  schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin' },
  action: { do: 'run', processId: 'demo/digest' },
}

/** The type, what it says, the line without the name of the run, and how it is seen. */
const cases: [type: string, data: JournalEvent['data'], text: string, outcome: string][] = [
  [
    'CRON_JOB_DEFINED',
    { definition },
    'job nightly is defined: 0 3 * * * Europe/Berlin, run demo/digest',
    '-',
  ],
  [
    'CRON_JOB_UPDATED',
    {
      definition: {
        schedule: { everyMs: 900_000 },
        action: { do: 'append', stream: 'user/ada', type: 'REMINDER_DUE' },
      },
    },
    'job nightly is defined anew: every 15 min 00 s, append REMINDER_DUE to user/ada',
    '-',
  ],
  [
    'CRON_JOB_UPDATED',
    { definition: { schedule: { at: slot }, action: { do: 'publish', subject: 'reports.daily' } } },
    `job nightly is defined anew: once at ${slot}, publish reports.daily`,
    '-',
  ],
  ['CRON_JOB_PAUSED', { reason: 'the model is away' }, 'job nightly is paused: the model is away', '-'],
  ['CRON_JOB_RESUMED', {}, 'job nightly goes on', '-'],
  [
    'CRON_JOB_SET_ASIDE',
    { code: 'unknown-timezone', message: 'There is no Europe/Berln.' },
    'job nightly is set aside, since nothing can be decided about it: unknown-timezone: There is no Europe/Berln.',
    'failed',
  ],
  ['CRON_JOB_DELETED', { reason: 'nobody reads it' }, 'job nightly is deleted: nobody reads it', '-'],
  [
    'CRON_SLOTS_MISSED',
    { from: slot, to: until, count: 3, reason: 'superseded' },
    `3 times from ${slot} to ${until} of job nightly passed without a run: superseded`,
    '-',
  ],
  [
    'CRON_SLOTS_MISSED',
    { from: slot, to: slot, count: 1, reason: 'misfire' },
    `the time ${slot} of job nightly passed without a run: misfire`,
    '-',
  ],
  [
    'CRON_RUN_STARTED',
    { slot, cause: 'slot', attempt: 1, target: 'run/cron:nightly:R' },
    'run R of job nightly began: run/cron:nightly:R',
    '-',
  ],
  ['CRON_RUN_STARTED', { slot, cause: 'slot', attempt: 2 }, 'run R of job nightly began, attempt 2', '-'],
  ['CRON_RUN_QUEUED', { slot, cause: 'slot', reason: 'overlap' }, 'run R of job nightly waits: overlap', '-'],
  [
    'CRON_RUN_HELD',
    { slot },
    'the time of run R of job nightly was missed: a person decides whether it is made up for',
    '-',
  ],
  [
    'CRON_RUN_SKIPPED',
    { slot, cause: 'slot', reason: 'dismissed', note: 'a quiet day' },
    'run R of job nightly is skipped: dismissed: a quiet day',
    '-',
  ],
  [
    'CRON_RUN_REPLACED',
    { by: '20261122T030000.000Z', giveUpAt: until },
    'run R of job nightly was asked to end, since 20261122T030000.000Z takes its place',
    '-',
  ],
  [
    'CRON_RUN_CANCEL_REQUESTED',
    { reason: 'too expensive', giveUpAt: until },
    'run R of job nightly was asked to end: too expensive',
    '-',
  ],
  [
    'CRON_RUN_CLAIMED',
    { attempt: 2, worker: 'host-1', claimId: 'c', until },
    `host-1 works on run R of job nightly, attempt 2, until ${until}`,
    '-',
  ],
  [
    'CRON_RUN_RELEASED',
    { token: 4, reason: 'the worker stops' },
    'run R of job nightly was given back: the worker stops',
    '-',
  ],
  [
    'CRON_RUN_EXTENDED',
    { token: 4, until },
    `the lease of run R of job nightly was extended, until ${until}`,
    '-',
  ],
  [
    'CRON_RUN_RETRIED',
    { attempt: 1, token: 4, error, nextAt: until },
    `attempt 1 of run R of job nightly failed, the next one begins at ${until}: HttpError: 503 ⏎ from the model`,
    'failed',
  ],
  [
    'CRON_RUN_FINISHED',
    { status: 'succeeded', result: { events: 412 } },
    'run R of job nightly succeeded: {"events":412}',
    'ok',
  ],
  [
    'CRON_RUN_FINISHED',
    { status: 'failed', error },
    'run R of job nightly failed: HttpError: 503 ⏎ from the model',
    'failed',
  ],
  ['CRON_RUN_FINISHED', { status: 'cancelled' }, 'run R of job nightly was cancelled', 'cancelled'],
  ['CRON_RUN_TIMED_OUT', {}, 'run R of job nightly did not end by its deadline', 'failed'],
  ['CRON_PAYLOADS_ERASED', { erasureId: 'E1', ranges: [] }, 'payloads of this job were erased (E1)', '-'],
]

describe('the trail of a job', () => {
  it.each(cases)('tells %s %j', (type, data, text, outcome) => {
    const entry = auditEntry(eventOf(stream, { type, data: { at, run, ...data } }))
    expect(entry.text.replace(run, 'R')).toBe(text)
    expect(entry.outcome ?? '-').toBe(outcome)
    expect(isFailure(entry)).toBe(outcome === 'failed')
  })

  it('has a sentence of its own for each type of the kind', () => {
    const types = eventTypes.filter(({ kind }) => kind === 'cron').map(({ type }) => type)
    expect(types.length).toBeGreaterThan(15)
    expect(types.toSorted()).toEqual([...new Set(cases.map(([type]) => type))].toSorted())
  })

  it('says of what was erased only that it is erased', () => {
    const event = eventOf(stream, { type: 'CRON_RUN_FINISHED', data: { at, run, status: 'succeeded' } })
    expect(auditEntry(withoutPayload(event, 'E1')).text).toBe('erased (E1)')
  })
})

it('what is to be remembered is told', () => {
  const data = { text: '412 events,\n2 failed runs', source: 'summary' }
  const entry = auditEntry(eventOf('memory/agent/digest', { type: 'MEMORY_RETAINED', data }))
  expect(entry.text).toBe('to be remembered: 412 events, ⏎ 2 failed runs')
})
