import type { ReadJob } from '@daybook/client'
import type { CronRun, JobDefinition } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { jobLines } from '../src/cron/job-lines.ts'
import { jobColumns, runColumns } from '../src/cron/job-text.ts'
import { localText } from '../src/cron/local-text.ts'
import { table } from '../src/table.ts'

const createdAt = '2026-11-01T08:00:00.000Z'
const slot = '2026-11-22T02:00:00.000Z'
const nextAt = '2026-11-23T02:00:00.000Z'
const now = '2026-11-22T02:10:00.000Z'

const definition: JobDefinition = {
  description: 'the digest of the day',
  schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin', dst: 'vixie', domDow: 'or' },
  action: {
    do: 'run',
    processId: 'demo/digest',
    entrypoint: { importPath: 'digest.mjs', exportName: 'digest' },
  },
  concurrency: 'forbid',
  misfire: 'catch-up',
  misfireGraceMs: 60_000,
  catchUpLimit: 7,
  jitterMs: 30_000,
  maxRuns: 365,
  retry: { maxAttempts: 3, backoffMs: 10_000 },
  timeoutMs: 3_600_000,
  cancelTimeoutMs: 60_000,
  keepRuns: 1_000,
  keepDays: 90,
}

function runOf(given: Partial<CronRun> = {}): CronRun {
  return {
    run: '20261122T020000.000Z',
    state: 'active',
    slot,
    cause: 'slot',
    decidedAt: '2026-11-22T02:00:00.020Z',
    decidedSeq: 3,
    attempt: 1,
    startedAt: '2026-11-22T02:00:00.020Z',
    failures: [],
    lastSeq: 3,
    ...given,
  }
}

function jobOf(given: Partial<ReadJob> = {}): ReadJob {
  return {
    name: 'nightly',
    state: 'active',
    definition,
    revision: 1,
    nextAt,
    nextDueAt: '2026-11-23T02:00:12.000Z',
    counts: { started: 22, succeeded: 20, failed: 1, timedOut: 1, cancelled: 0, skipped: 0, missed: 0 },
    lastRun: { run: '20261122T020000.000Z', state: 'succeeded', endedAt: '2026-11-22T02:05:00.000Z' },
    open: [],
    createdAt,
    updatedAt: createdAt,
    ...given,
  }
}

const textOf = (given: Partial<ReadJob>) => jobLines(jobOf(given), now).join('\n')
const cellsOf = (line = '') => line.trim().split(/ {2,}/)

describe('an instant by the clocks of a place', () => {
  it.each([
    ['2026-11-22T02:00:00.000Z', 'Europe/Berlin', '2026-11-22 03:00:00 +01:00'],
    ['2027-06-01T00:00:00.000Z', 'Australia/Lord_Howe', '2027-06-01 10:30:00 +10:30'],
    ['2026-11-22T02:00:00.000Z', 'UTC', '2026-11-22 02:00:00 +00:00'],
    ['2026-11-22T02:00:00.000Z', 'Mars/Olympus', '2026-11-22T02:00:00.000Z'],
  ])('%s in %s is %s', (instant, timeZone, text) => {
    expect(localText(instant, timeZone)).toBe(text)
  })
})

describe('a list of jobs', () => {
  it('says when each runs next, in local time and in UTC, and how its last run ended', () => {
    const [titles, row] = table([jobOf()], jobColumns(now), false).split('\n')
    expect(cellsOf(titles)).toEqual('NAME,STATE,NEXT (LOCAL),NEXT (UTC),LAST,OPEN,SCHEDULE,ACTION'.split(','))
    expect(row).toBe(
      `nightly  active  2026-11-23 03:00:00 +01:00  ${nextAt}  succeeded 5 min 00 s ago        0 3 * * * Europe/Berlin  run demo/digest`,
    )
  })

  it('says why a job is set aside, what is open, and what it does not know any more', () => {
    const { definition: _definition, lastRun: _lastRun, ...without } = jobOf()
    const job: ReadJob = {
      ...without,
      state: 'set-aside',
      nextAt: null,
      problem: { code: 'unknown-timezone', message: 'no', at: now, seq: 9 },
      open: [runOf(), runOf({ state: 'held' }), runOf({ state: 'held' })],
    }
    const [, row] = table([job], jobColumns(now), false).split('\n')
    expect(cellsOf(row)).toEqual([
      'nightly',
      'set-aside: unknown-timezone',
      '1 active, 2 held',
      '(erased)',
      '(erased)',
    ])
  })
})

describe('a job, shown', () => {
  it('says when it runs, what it does, and by which policies', () => {
    expect(textOf({})).toBe(`name           nightly
state          active
what for       the digest of the day
next           2026-11-23 03:00:00 +01:00 (${nextAt})
due            2026-11-23T02:00:12.000Z
last run       20261122T020000.000Z, succeeded 5 min 00 s ago
so far         22 started, 20 succeeded, 1 failed, 1 timed out
revision       1
created        ${createdAt}

Definition
schedule       0 3 * * * Europe/Berlin
clock changes  vixie, day and weekday: or
action         run demo/digest
  entrypoint   {"importPath":"digest.mjs","exportName":"digest"}
concurrency    forbid
misfire        catch-up, at most 7; on time within 1 min 00 s
jitter         up to 30.0 s
at most        365 runs
attempts       3, the second after 10.0 s
timeout        1 h 00 min
to end         within 1 min 00 s of being asked to
kept           1000 ended runs, for 90 days`)
  })

  it('says what has not ended, and who works on it', () => {
    const lease = { worker: 'host-1', claimId: 'c', token: 4, tokens: [], until: now }
    const cancel = { at: now, giveUpAt: now, seq: 5 }
    const text = textOf({ open: [runOf({ lease, cancel, deadline: nextAt })] })
    expect(text).toContain(`
Runs that have not ended (1)
  20261122T020000.000Z  active, to end  slot, attempt 1, host-1, until ${now}, deadline ${nextAt}`)
  })

  it('obeys nothing that strangers wrote', () => {
    const evil = '\u001b[2J\u202e\u0085\n'
    const text = textOf({
      definition: {
        ...definition,
        description: evil,
        action: { do: 'deliver', payload: evil, leaseMs: 100 },
      },
      problem: { code: evil, message: evil, at: now, seq: 1 },
      pause: { reason: evil, at: now, seq: 1 },
      open: [runOf({ reason: evil, target: evil })],
    })
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('the history of a job', () => {
  it('says what became of each time, how late it was and how long it took', () => {
    const error = { class: 'HttpError', message: '503', retryable: true }
    const rows = [
      runOf({ state: 'succeeded', endedAt: '2026-11-22T02:00:03.020Z' }),
      runOf({ state: 'retrying', nextAt, failures: [{ attempt: 1, at: now, seq: 4, error }] }),
      runOf({ state: 'missed', attempt: 0, count: 3, to: nextAt, reason: 'superseded' }),
    ]
    const [titles, ...lines] = table(rows, runColumns('Europe/Berlin'), false).split('\n')
    expect(cellsOf(titles)).toEqual('TIME (LOCAL),TIME (UTC),STATE,CAUSE,TRIES,LATE,TOOK,WHY,RUN'.split(','))
    const [name, local] = ['20261122T020000.000Z', '2026-11-22 03:00:00 +01:00']
    expect(lines.map(cellsOf)).toEqual([
      [local, slot, 'succeeded', 'slot', '1', '20 ms', '3.0 s', name],
      [local, slot, 'retrying', 'slot', '1', '20 ms', `HttpError, again at ${nextAt}`, name],
      [local, slot, 'missed ×3', 'slot', '0', 'superseded', name],
    ])
  })
})
