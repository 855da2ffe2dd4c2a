import { type CronRun, createUlids, type JournalEvent } from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evolveStates, type JobState, type RunState } from '../src/jobs/job-states.ts'
import { claimAtOf } from '../src/jobs/run-columns.ts'
import { shownStateOf } from '../src/jobs/times.ts'
import { aboutRun, at, defined, finished, started, updated } from './job-entries.ts'

const nextUlid = createUlids()
const places = [
  { job: 'a', tenant: 'one' },
  { job: 'a', tenant: 'two' },
  { job: 'b', tenant: 'one' },
]

/** What happens to jobs, in any order, also in one that no decision leads to. */
const happening = fc
  .record({
    place: fc.constantFrom(...places),
    kind: fc.integer({ min: 0, max: 7 }),
    time: fc.constantFrom('01:00', '02:00', '03:00'),
  })
  .map(({ place, kind, time }) => {
    const run = { run: `now-${time.slice(0, 2)}`, at: at(time), cause: 'now', attempt: 1 }
    return [
      defined(place),
      updated(place, { action: { do: 'deliver', leaseMs: 1_000 } }, time),
      started(place, time),
      finished(place, time),
      aboutRun(place, 'CRON_RUN_QUEUED', { ...run, reason: 'overlap' }),
      aboutRun(place, 'CRON_RUN_STARTED', run),
      aboutRun(place, 'CRON_RUN_FINISHED', { ...run, status: 'failed' }),
      { ...defined(place), type: 'CRON_JOB_DELETED' },
    ][kind]
  })

function journaled(happenings: readonly (ReturnType<typeof defined> | undefined)[]): JournalEvent[] {
  const seqs = new Map<string, number>()
  return happenings.flatMap((entry, index) => {
    if (entry === undefined) return []
    const { tenant = 'main', data = {}, stream, type, correlationId } = entry
    const seq = (seqs.get(`${tenant} ${stream}`) ?? 0) + 1
    seqs.set(`${tenant} ${stream}`, seq)
    const names = { id: nextUlid(), tenant, stream, seq, type, v: 1, data, position: index + 1 }
    const rest = { occurredAt: at('00:00'), recordedAt: at('00:00'), checksum: '', prev: '', hash: '' }
    const actor = { kind: 'service' as const, id: 'test' }
    return { ...names, ...rest, actor, ...(correlationId !== undefined && { correlationId }) }
  })
}

describe('the states of jobs', () => {
  it('are the same, in whatever batches the events come', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), fc.array(fc.nat(29)), (happenings, cuts) => {
        const events = journaled(happenings)
        const whole = evolveStates(new Map(), events)
        const jobs = new Map<string, JobState>()
        const runs = new Map<string, RunState>()
        for (const [from, to] of stretches(cuts, events.length)) {
          const changed = evolveStates(jobs, events.slice(from, to))
          for (const [name, state] of changed.jobs) jobs.set(name, state)
          for (const [name, state] of changed.runs) runs.set(name, state)
        }
        expect(jobs).toEqual(whole.jobs)
        expect(runs).toEqual(whole.runs)
      }),
    )
  })

  it('tell of each open run what its job does now', () => {
    const place = { job: 'a', tenant: 'one' }
    const action = { do: 'deliver', leaseMs: 1_000 } as const
    const { runs } = evolveStates(
      new Map(),
      journaled([
        defined(place, { action: { do: 'publish', subject: 'news' } }),
        started(place, '01:00'),
        finished(place, '01:00'),
        started(place, '02:00'),
        updated(place, { action }, '03:00'),
      ]),
    )
    expect([...runs.values()].map((run) => [run.action, run.document.state])).toEqual([
      ['publish', 'succeeded'],
      ['deliver', 'active'],
    ])
  })

  it('leave out what tells of a job that was never defined', () => {
    const { jobs, runs } = evolveStates(new Map(), journaled([started({ job: 'x' }, '01:00')]))
    expect([jobs.size, runs.size]).toEqual([0, 0])
    const stranger = journaled([{ stream: 'note/x', type: 'NOTED' }])
    expect(evolveStates(new Map(), stranger).jobs.size).toBe(0)
  })
})

function stretches(cuts: readonly number[], length: number): (readonly [number, number])[] {
  const ends = [...new Set([0, ...cuts.filter((cut) => cut < length), length])].toSorted((a, b) => a - b)
  return ends.slice(1).map((end, index) => [ends[index] ?? 0, end] as const)
}

describe('a run', () => {
  const document: CronRun = {
    run: 'now-1',
    state: 'active',
    cause: 'now',
    decidedAt: at('01:00'),
    decidedSeq: 2,
    attempt: 1,
    startedAt: at('02:00'),
    failures: [],
    lastSeq: 2,
  }
  const lease = { worker: 'w', claimId: 'c', token: 3, tokens: [], until: at('03:00') }
  const claimAt = (more: Partial<CronRun>, action: RunState['action']) =>
    claimAtOf({ tenant: 't', job: 'j', document: { ...document, ...more }, action })

  it.each([
    ['that has begun, and that nobody has', {}, at('02:00')],
    ['that a worker has', { lease }, at('03:00')],
    ['that waits', { state: 'queued' as const }, null],
    ['that is to be tried again', { state: 'retrying' as const }, null],
    ['that was asked to end', { cancel: { at: at('02:30'), giveUpAt: at('03:00'), seq: 4 } }, null],
  ])('%s can be claimed from when on that says', (_what, more, expected) => {
    expect(claimAt(more, 'deliver')).toBe(expected)
  })

  it.each(['append', 'run', 'publish', undefined] as const)(
    'of a job that does %s is for no worker',
    (action) => {
      expect(claimAt({}, action)).toBeNull()
    },
  )
})

describe('what is shown of a job', () => {
  it('is that it ended only if nothing is due and nothing runs', () => {
    const { jobs } = evolveStates(new Map(), journaled([defined({ job: 'a' })]))
    const [job] = [...jobs.values()].map((state) => state.document)
    if (job === undefined) throw new Error('there is no job')
    const never = { dueAt: null, nextAt: null }
    expect(shownStateOf(job, never)).toBe('ended')
    expect(shownStateOf(job, { ...never, dueAt: at('01:00') })).toBe('active')
    expect(shownStateOf({ ...job, phase: 'paused' }, never)).toBe('paused')
  })
})
