import { encodeCursor } from '@daybook/eventing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { about, aboutRun, at, defined, finished, runAt, started } from './job-entries.ts'
import { type JobsFixture, NOW, openReadModel } from './jobs-fixture.ts'

let fixture: JobsFixture
beforeAll(async () => {
  fixture = await openReadModel()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const asTenant = (tenant: string) => ({ headers: { 'daybook-tenant': tenant } })

describe('a list of jobs', () => {
  const tenant = 'listed'
  const names = (body: any): string[] => body.jobs.map(({ name }: any) => name)
  const list = async (query = '') => (await ask(fixture, `/v1/cron/jobs${query}`, asTenant(tenant))).body

  beforeAll(async () => {
    const place = (job: string) => ({ job, tenant })
    await fixture.append(
      ...['delta', 'alpha', 'echo', 'bravo', 'charlie'].map((job) => defined(place(job))),
      defined(place('over'), { schedule: { at: at('05:00') } }),
      started(place('over'), '05:00'),
      finished(place('over'), '05:00'),
      about(place('bravo'), 'CRON_JOB_PAUSED', { at: at('01:00') }),
      about(place('delta'), 'CRON_JOB_DELETED', { at: at('01:00') }),
    )
  })

  it('is in the order of their names, filtered by what is asked for; deleted ones only if asked for', async () => {
    expect(names(await list())).toEqual(['alpha', 'bravo', 'charlie', 'echo', 'over'])
    expect(names(await list('?state=active'))).toEqual(['alpha', 'charlie', 'echo'])
    expect(names(await list('?state=paused'))).toEqual(['bravo'])
    expect(names(await list('?state=ended'))).toEqual(['over'])
    expect(names(await list('?state=deleted'))).toEqual(['delta'])
    expect(names(await list('?state=set-aside'))).toEqual([])
  })

  it('goes on where a page ended, without skipping or repeating, also when jobs come and go meanwhile', async () => {
    const first = await list('?limit=2')
    expect(names(first)).toEqual(['alpha', 'bravo'])
    await fixture.append(defined({ job: 'aaa', tenant }), defined({ job: 'dog', tenant }))
    await fixture.append(about({ job: 'bravo', tenant }, 'CRON_JOB_DELETED', { at: at('02:00') }))
    const second = await list(`?limit=2&cursor=${first.nextCursor}`)
    expect(names(second)).toEqual(['charlie', 'dog'])
    const third = await list(`?limit=2&cursor=${second.nextCursor}`)
    expect([names(third), third.nextCursor]).toEqual([['echo', 'over'], null])
  })

  it('refuses a cursor that is not its own, a state that there is not, and other fields', async () => {
    expect(await list('?cursor=WzEsMl0')).toMatchObject({ code: 'invalid-cursor' })
    expect(await list(`?cursor=${encodeCursor('messages', 'alpha')}`)).toMatchObject({
      code: 'invalid-cursor',
    })
    expect(await list('?state=lost')).toMatchObject({ code: 'invalid-request' })
    expect(await list('?colour=red')).toMatchObject({ code: 'invalid-request' })
  })

  it('waits for the position that is asked for, and tells its own', async () => {
    const [event] = await fixture.journal.append(defined({ job: 'fresh' }))
    const { status, headers } = await ask(fixture, `/v1/cron/jobs/fresh?minPosition=${event?.position}`)
    expect(status).toBe(200)
    expect(Number(headers.get('daybook-position'))).toBeGreaterThanOrEqual(event?.position ?? Number.NaN)
  })
})

describe('the runs of a job', () => {
  const place = { job: 'history', tenant: 'runs' }
  const names = (body: any): string[] => body.runs.map(({ run }: any) => run)
  const list = async (query = '') =>
    (await ask(fixture, `/v1/cron/jobs/history/runs${query}`, asTenant('runs'))).body

  beforeAll(async () => {
    const now = (run: string) => ({ run, at: at('06:00'), cause: 'now' })
    await fixture.append(
      defined(place, { concurrency: 'allow' }),
      ...['01:00', '02:00', '03:00', '04:00'].map((time) => started(place, time)),
      // The order is that of the decisions, not that of the ends.
      finished(place, '03:00'),
      finished(place, '01:00', { status: 'failed', error: { class: 'x', message: '', retryable: false } }),
      aboutRun(place, 'CRON_RUN_HELD', { run: runAt('05:00'), at: at('06:00'), slot: at('05:00') }),
      aboutRun(place, 'CRON_RUN_SKIPPED', { ...now('now-1'), reason: 'overlap' }),
    )
  })

  it('are newest first, filtered by what is asked for', async () => {
    const [one, two, three, four, held] = ['01:00', '02:00', '03:00', '04:00', '05:00'].map(runAt)
    expect(names(await list())).toEqual(['now-1', held, four, three, two, one])
    expect(names(await list('?state=active'))).toEqual([four, two])
    expect(names(await list('?state=succeeded'))).toEqual([three])
    expect(names(await list('?state=failed'))).toEqual([one])
    expect(names(await list('?state=held'))).toEqual([held])
    expect(names(await list('?state=queued'))).toEqual([])
  })

  it('go on where a page ended, without skipping or repeating, also when runs come and end meanwhile', async () => {
    const first = await list('?limit=2')
    expect(names(first)).toEqual(['now-1', runAt('05:00')])
    await fixture.append(started(place, '07:00'), finished(place, '02:00'))
    const second = await list(`?limit=3&cursor=${first.nextCursor}`)
    expect(names(second)).toEqual(['04:00', '03:00', '02:00'].map(runAt))
    const third = await list(`?limit=3&cursor=${second.nextCursor}`)
    expect([names(third), third.nextCursor]).toEqual([[runAt('01:00')], null])
    expect(await list('?cursor=WzEsMl0')).toMatchObject({ code: 'invalid-cursor' })
  })
})

describe('the next times of a job', () => {
  const place = { job: 'berlin' }
  const timezone = 'Europe/Berlin'
  const schedule = { cron: '30 2 * * *', timezone, dst: 'vixie', domDow: 'or' } as const

  beforeAll(() => fixture.append(defined(place, { schedule })))

  it('are told in UTC and by the clocks of its time zone, with a note where these change', async () => {
    const next = async (query: string) => (await ask(fixture, `/v1/cron/jobs/berlin/next${query}`)).body
    const spring = await next('?n=2&from=2027-03-27T12:00:00.000Z')
    expect(spring).toMatchObject({
      timezone,
      tzdata: '2026c',
      next: [
        { at: '2027-03-28T01:00:00.000Z', local: '2027-03-28 03:00:00 +02:00', note: expect.any(String) },
        { at: '2027-03-29T00:30:00.000Z', local: '2027-03-29 02:30:00 +02:00' },
      ],
    })
    expect((await next('')).next).toHaveLength(10)
    expect((await next('')).next[0].at > NOW).toBe(true)
    expect(await next('?n=0')).toMatchObject({ code: 'invalid-request' })
    expect(await next('?from=2026-02-31T00:00:00.000Z')).toMatchObject({ code: 'invalid-request' })
  })

  it('are those that it still may have: within its bounds, not decided yet, none once it was deleted', async () => {
    const bounded = { job: 'bounded' }
    const hourly = { everyMs: 3_600_000 }
    await fixture.append(
      defined(bounded, { schedule: hourly, maxRuns: 3, endAt: at('23:00') }),
      started(bounded, '13:00'),
    )
    const times = async () => (await ask(fixture, '/v1/cron/jobs/bounded/next')).body.next
    expect((await times()).map((time: any) => time.at)).toEqual([at('14:00'), at('15:00')])
    await fixture.append(about(bounded, 'CRON_JOB_DELETED', { at: at('13:30') }))
    expect(await times()).toEqual([])
  })

  it('are told of a schedule that is no job yet, with what it leaves out', async () => {
    const preview = (schedule: object, more = {}) =>
      ask(fixture, '/v1/cron/preview', { method: 'POST', body: { schedule, ...more } })
    expect((await preview({ cron: '@hourly' }, { n: 1 })).body).toEqual({
      next: [{ at: at('13:00'), local: '2026-11-22 13:00:00 +00:00' }],
      timezone: 'UTC',
      tzdata: '2026c',
    })
    expect((await preview({ at: '2026-11-23T00:00:00.000Z' })).body.next).toHaveLength(1)
    expect((await preview({ cron: 'now and then' })).body).toMatchObject({ code: 'invalid-schedule' })
    expect((await preview({ cron: '@daily', timezone: 'Mars/Olympus' })).body).toMatchObject({
      code: 'unknown-timezone',
    })
    expect((await preview({ every: 5 })).body).toMatchObject({ code: 'invalid-request' })
  })
})

describe('what there is to do', () => {
  it('is told by the metrics: jobs and open runs by state, and for how long something has been due', async () => {
    // Of all tenants and tests of this file; each is there for sure.
    const metrics = (await ask(fixture, '/metrics')).text
    expect(metrics).toMatch(/daybook_cron_jobs\{.*state="active".*\} [1-9]/)
    expect(metrics).toMatch(/daybook_cron_jobs\{.*state="ended".*\} [1-9]/)
    expect(metrics).toMatch(/daybook_cron_jobs\{.*state="set-aside".*\} 0/)
    expect(metrics).toMatch(/daybook_cron_open_runs\{.*state="held".*\} 1/)
    expect(metrics).toMatch(/daybook_cron_open_runs\{.*state="active".*\} [1-9]/)
    // Half past two in Berlin, of which nothing is decided yet at twelve.
    expect(metrics).toMatch(/daybook_cron_overdue_seconds\{.*\} 37800/)
    expect((await ask(fixture, '/readyz')).body).toMatchObject({
      ready: true,
      checks: { cron: { ok: true } },
    })
  })
})

describe('two tenants', () => {
  it('see their own jobs and runs and nothing of the other, though the names are the same', async () => {
    const [ours, theirs] = [
      { job: 'shared', tenant: 'one' },
      { job: 'shared', tenant: 'two' },
    ]
    await fixture.append(
      defined(ours, { description: 'ours' }),
      defined(theirs, { description: 'theirs' }),
      started(ours, '03:00'),
      defined({ job: 'own', tenant: 'two' }),
    )
    const asked = async (path: string, tenant: string) => (await ask(fixture, path, asTenant(tenant))).body
    expect(await asked('/v1/cron/jobs/shared', 'one')).toMatchObject({ definition: { description: 'ours' } })
    expect(await asked('/v1/cron/jobs/shared', 'two')).toMatchObject({
      definition: { description: 'theirs' },
    })
    expect((await asked('/v1/cron/jobs/shared/runs', 'one')).runs).toHaveLength(1)
    expect((await asked('/v1/cron/jobs/shared/runs', 'two')).runs).toEqual([])
    expect((await asked('/v1/cron/jobs', 'one')).jobs).toHaveLength(1)
    expect((await asked('/v1/cron/jobs', 'two')).jobs).toHaveLength(2)
  })

  it.each(['jobs', 'runs'])('are kept apart in %s by the database, whatever is asked', async (table) => {
    const { value } = await fixture.service.jobs.read('one', async (trx) =>
      sql<{ tenant: string }>`select distinct tenant from ${sql.table(table)}`.execute(trx),
    )
    expect(value.rows).toEqual([{ tenant: 'one' }])
  })

  it('see nothing of what instances pick', async () => {
    const picks = fixture.service.jobs.read('one', async (trx) => sql`select from cron.picks`.execute(trx))
    await expect(picks).rejects.toThrow(/permission denied/)
  })
})
