import { DaybookError } from '@daybook/errors'
import { type CronRun, type Schedule, streamOfJob } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { type ScheduleReader, scheduleReader } from '../src/schedule/reader.ts'
import {
  about,
  aboutRun,
  at,
  defined,
  erased,
  finished,
  type Place,
  runAt,
  started,
  updated,
} from './job-entries.ts'
import { type JobsFixture, openReadModel } from './jobs-fixture.ts'

const SECRET = 'the secret of somebody'
const deliver = { do: 'deliver', leaseMs: 300_000 } as const

let fixture: JobsFixture
beforeAll(async () => {
  fixture = await openReadModel({ schedules: withoutOne(scheduleReader()) })
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** A reader that has forgotten how to read one schedule, as an update may. */
function withoutOne(schedules: ScheduleReader): ScheduleReader {
  return {
    ...schedules,
    slotsOf(schedule) {
      if (isForgotten(schedule)) throw new DaybookError('invalid-schedule', 'It cannot be read any more.')
      return schedules.slotsOf(schedule)
    },
  }
}

function isForgotten(schedule: Schedule): boolean {
  return 'cron' in schedule && schedule.cron === '13 13 13 * *'
}

async function show({ job, tenant = 'main' }: Place): Promise<any> {
  return (await ask(fixture, `/v1/cron/jobs/${job}`, { headers: { 'daybook-tenant': tenant } })).body
}

async function showRun({ job }: Place, run: string): Promise<any> {
  return (await ask(fixture, `/v1/cron/jobs/${job}/runs/${run}`)).body
}

async function jobRow({ job }: Place): Promise<any> {
  const { rows } = await sql<any>`select * from cron.jobs where job = ${job}`.execute(
    fixture.journal.database.kysely,
  )
  return rows[0]
}

async function runRows({ job }: Place): Promise<any[]> {
  const { rows } = await sql<any>`select * from cron.runs where job = ${job} order by decided_seq`.execute(
    fixture.journal.database.kysely,
  )
  return rows
}

function execute(statement: string): Promise<unknown> {
  return sql.raw(statement).execute(fixture.journal.database.kysely)
}

/** As the journal does it, before it tells the stream. */
async function erasePayloads({ job }: Place, seqs: readonly number[]): Promise<void> {
  await fixture.journal.database.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('daybook.erasure', 'x', true)`.execute(trx)
    await sql`update journal.events set data = null, erasure_id = '01K00000000000000000ERASE0'
      where stream = ${streamOfJob(job)} and seq in (${sql.join(seqs)})`.execute(trx)
  })
}

async function verify(): Promise<any> {
  return (await ask(fixture, '/v1/projections/cron/verify', { method: 'POST' })).body
}

describe('a job', () => {
  it('is shown as its events left it, with what is due next and the runs that have not ended', async () => {
    const place = { job: 'shown' }
    await fixture.append(defined(place, { description: 'once a day', jitterMs: 60_000 }))
    const job = await show(place)
    expect(job).toMatchObject({
      name: 'shown',
      state: 'active',
      definition: { description: 'once a day' },
      revision: 1,
      nextAt: at('03:00'),
      counts: { started: 0 },
      open: [],
      createdAt: at('00:00'),
    })
    expect(job.nextDueAt >= at('03:00') && job.nextDueAt <= at('03:01')).toBe(true)
    await fixture.append(started(place, '03:00'))
    expect(await show(place)).toMatchObject({
      nextAt: '2026-11-23T03:00:00.000Z',
      open: [{ run: runAt('03:00'), state: 'active', slot: at('03:00') }],
      counts: { started: 1 },
    })
    await fixture.append(finished(place, '03:00', { result: { sent: 3 } }), updated(place, {}, '04:00'))
    expect(await show(place)).toMatchObject({
      revision: 4,
      open: [],
      lastRun: { run: runAt('03:00'), state: 'succeeded' },
      counts: { started: 1, succeeded: 1 },
    })
    expect(await showRun(place, runAt('03:00'))).toMatchObject({ state: 'succeeded', result: { sent: 3 } })
  })

  it.each([
    ['paused', 'CRON_JOB_PAUSED', { at: at('01:00'), reason: 'holidays' }, { pause: { reason: 'holidays' } }],
    [
      'set-aside',
      'CRON_JOB_SET_ASIDE',
      { at: at('01:00'), code: 'invalid-schedule', message: 'unreadable' },
      { problem: { code: 'invalid-schedule', message: 'unreadable' } },
    ],
    ['deleted', 'CRON_JOB_DELETED', { at: at('01:00') }, {}],
  ])('says that it is %s, and is not due then', async (state, type, data, more) => {
    const place = { job: `is-${state}` }
    await fixture.append(defined(place), about(place, type, data))
    expect(await show(place)).toMatchObject({ state, nextAt: null, nextDueAt: null, ...more })
    expect(await jobRow(place)).toMatchObject({ phase: state, state, due_at: null, next_at: null })
  })

  it('has ended when no time is left and nothing runs, and not before', async () => {
    const place = { job: 'once' }
    await fixture.append(defined(place, { schedule: { at: at('05:00') } }))
    expect(await show(place)).toMatchObject({ state: 'active', nextAt: at('05:00') })
    await fixture.append(started(place, '05:00'))
    expect(await show(place)).toMatchObject({ state: 'active', nextAt: null, open: [{}] })
    await fixture.append(finished(place, '05:00'))
    expect(await show(place)).toMatchObject({ state: 'ended', nextAt: null, nextDueAt: null })
  })

  it('is due at once if its schedule cannot be read any more, so that it is met and set aside', async () => {
    const place = { job: 'forgotten' }
    const schedule = { cron: '13 13 13 * *', timezone: 'UTC', dst: 'vixie', domDow: 'or' } as const
    await fixture.append(defined(place, { schedule }, '01:00'))
    expect(await show(place)).toMatchObject({ state: 'active', nextAt: null, nextDueAt: at('01:00') })
  })

  it('can be given the name of a deleted one, and its runs stand beside those of that one', async () => {
    const place = { job: 'again' }
    await fixture.append(
      defined(place),
      started(place, '03:00'),
      finished(place, '03:00'),
      about(place, 'CRON_JOB_DELETED', { at: at('04:00') }),
      defined(place, { schedule: { everyMs: 3_600_000 } }, '05:00'),
      started(place, '06:00'),
    )
    expect(await show(place)).toMatchObject({ state: 'active', revision: 5, counts: { started: 1 } })
    expect(await runRows(place)).toMatchObject([{ state: 'succeeded' }, { state: 'active' }])
    expect(await jobRow(place)).toMatchObject({ ended_runs: 1, open_runs: 1 })
  })

  it('counts its ended runs right when a run of an earlier job had the same name', async () => {
    const place = { job: 'same-request' }
    const now = (type: string, more = {}) =>
      aboutRun(place, type, { run: 'now-1', at: at('01:00'), cause: 'now', ...more })
    const both = [now('CRON_RUN_STARTED', { attempt: 1 }), now('CRON_RUN_FINISHED', { status: 'succeeded' })]
    await fixture.append(defined(place), ...both)
    await fixture.append(about(place, 'CRON_JOB_DELETED', { at: at('02:00') }), defined(place), ...both)
    expect(await jobRow(place)).toMatchObject({ ended_runs: 1, open_runs: 0 })
    await fixture.append(
      about(place, 'CRON_JOB_DELETED', { at: at('03:00') }),
      defined(place),
      now('CRON_RUN_STARTED', { attempt: 1 }),
    )
    expect(await jobRow(place)).toMatchObject({ ended_runs: 0, open_runs: 1 })
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('is not found where it was never defined', async () => {
    expect(await ask(fixture, '/v1/cron/jobs/nobody')).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
    expect(await ask(fixture, '/v1/cron/jobs/nobody/runs')).toMatchObject({ status: 404 })
    expect(await ask(fixture, '/v1/cron/jobs/shown/runs/none')).toMatchObject({ status: 404 })
    expect(await ask(fixture, '/v1/cron/jobs/shown/runs/-')).toMatchObject({ status: 400 })
  })
})

describe('a run for workers', () => {
  const place = { job: 'for-workers' }
  const claimAt = async () => (await runRows(place))[0]?.claim_at?.toISOString() ?? null
  const aboutIt = (type: string, more: object) =>
    aboutRun(place, type, { run: runAt('03:00'), at: at('03:10'), ...more })

  it('can be claimed from its start on, and again when its lease is over, unless it was asked to end', async () => {
    await fixture.append(defined(place, { action: deliver }), started(place, '03:00'))
    expect(await claimAt()).toBe(at('03:00'))
    const lease = { attempt: 1, worker: 'w', claimId: 'c', until: at('03:15') }
    await fixture.append(aboutIt('CRON_RUN_CLAIMED', lease))
    expect(await claimAt()).toBe(at('03:15'))
    await fixture.append(aboutIt('CRON_RUN_CANCEL_REQUESTED', { giveUpAt: at('03:20') }))
    expect(await claimAt()).toBeNull()
  })

  it('is one for workers no more when the job does something else', async () => {
    const other = { job: 'changed' }
    await fixture.append(defined(other, { action: deliver }), started(other, '03:00'))
    expect(await runRows(other)).toMatchObject([{ action: 'deliver', claim_at: expect.any(Date) }])
    await fixture.append(updated(other, { action: { do: 'publish', subject: 'news' } }, '03:05'))
    expect(await runRows(other)).toMatchObject([{ action: 'publish', claim_at: null }])
  })
})

describe('a job of which payloads were erased', () => {
  it('has nothing of them in the read model, whether its runs are open or ended', async () => {
    const place = { job: 'of-a-person' }
    const failed = { at: at('05:01'), attempt: 1, nextAt: at('05:02') }
    const error = { class: 'oops', message: SECRET, retryable: true }
    await fixture.append(
      defined(place, { description: SECRET, action: deliver, retry: { maxAttempts: 3, backoffMs: 0 } }),
      started(place, '03:00'),
      finished(place, '03:00', { result: SECRET }),
      started(place, '04:00'),
      finished(place, '04:00', { result: 'public' }),
      started(place, '05:00'),
      aboutRun(place, 'CRON_RUN_RETRIED', { run: runAt('05:00'), ...failed, error }),
      about(place, 'CRON_JOB_PAUSED', { at: at('05:01'), reason: SECRET }),
    )
    await fixture.append(erased(place, [1, 3, 7, 8]))
    const { rows } = await sql<{ row: string }>`
      select job::text as row from cron.jobs job where job = 'of-a-person'
      union all select run::text from cron.runs run where job = 'of-a-person'`.execute(
      fixture.journal.database.kysely,
    )
    expect(rows).toHaveLength(4)
    expect(rows.filter(({ row }) => row.includes(SECRET))).toEqual([])
    const job = await show(place)
    expect(job).toMatchObject({ state: 'set-aside', open: [{ state: 'retrying' }], counts: { succeeded: 2 } })
    expect(job).not.toHaveProperty('definition')
    expect(await showRun(place, runAt('03:00'))).toMatchObject({ state: 'succeeded' })
    expect(await showRun(place, runAt('04:00'))).toMatchObject({ result: 'public' })
    expect(await jobRow(place)).toMatchObject({ seq: 9, ended_runs: 2, open_runs: 1 })
    expect(await verify()).toMatchObject({ ok: true, difference: null })
  })
})

describe('a job with an event that cannot be applied', () => {
  it('says so, lets what was erased go, holds up no other one, and is whole again after it was requeued', async () => {
    const [bad, good] = [{ job: 'bad' }, { job: 'good' }]
    await execute(`alter table cron_cron_g1.runs add constraint refused check (run <> 'now-cursed')`)
    await fixture.append(
      defined(bad, { description: SECRET }),
      started(bad, '03:00'),
      finished(bad, '03:00', { result: SECRET }),
      aboutRun(bad, 'CRON_RUN_STARTED', { run: 'now-cursed', at: at('04:00'), cause: 'now', attempt: 1 }),
      about(bad, 'CRON_JOB_PAUSED', { at: at('05:00') }),
      defined(good),
    )
    expect(await show(good)).toMatchObject({ state: 'active' })
    expect(await show(bad)).toMatchObject({ state: 'active', parked: { seq: 4 } })
    const { body } = await ask(fixture, '/v1/cron/jobs')
    expect(body.parked).toBe(1)
    expect(body.jobs.find(({ name }: any) => name === 'bad')).toMatchObject({ parked: { seq: 4 } })
    await erasePayloads(bad, [1, 3])
    await fixture.append(erased(bad, [1, 3]))
    expect(await show(bad)).not.toHaveProperty('definition')
    expect(await showRun(bad, runAt('03:00'))).not.toHaveProperty('result')
    expect(await jobRow(bad)).toMatchObject({ seq: 3 })
    expect(await verify()).toMatchObject({ ok: true })
    await execute('alter table cron_cron_g1.runs drop constraint refused')
    await execute(`update journal.dead_letters set status = 'requeued'`)
    await waitFor(async () => (await show(bad)).parked === undefined, { what: 'the mark to go' })
    expect(await show(bad)).toMatchObject({ open: [{ run: 'now-cursed' }] })
    expect(await verify()).toMatchObject({ ok: true })
  })
})

describe('times that were missed', () => {
  it('are one entry of the history, however many they were', async () => {
    const place = { job: 'missed' }
    const missed = { at: at('09:00'), from: at('03:00'), to: at('08:00'), count: 6, reason: 'misfire' }
    await fixture.append(
      defined(place, { schedule: { everyMs: 3_600_000 } }),
      about(place, 'CRON_SLOTS_MISSED', missed),
    )
    const { runs } = (await ask(fixture, '/v1/cron/jobs/missed/runs')).body
    const entry: Partial<CronRun> = { state: 'missed', slot: at('03:00'), to: at('08:00'), count: 6 }
    expect(runs).toMatchObject([entry])
    expect(await show(place)).toMatchObject({ counts: { missed: 6 }, nextAt: at('09:00') })
  })
})
