import type { JobDefinition } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import type { Entry } from '../../../packages/eventing/test/journal-fixture.ts'
import { clearSurplus } from '../src/maintenance.ts'
import { about, aboutRun, at, defined, finished, type Place, runAt, started, updated } from './job-entries.ts'
import { type JobsFixture, NOW, openReadModel } from './jobs-fixture.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const HOURS = ['01:00', '02:00', '03:00', '04:00', '05:00', '06:00']

/** So many days after the day of these tests. */
const later = (days: number): string => new Date(Date.parse(NOW) + days * DAY_MS).toISOString()

describeWithServer('runs that have ended', () => {
  let fixture: JobsFixture
  beforeAll(async () => {
    fixture = await openReadModel({
      clearEveryMs: 10,
      // With the rights of the service alone.
      database: (journal) => journal.openAs('daybook_cron'),
    })
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  const ended = (place: Place, times: readonly string[]): Entry[] =>
    times.flatMap((time) => [started(place, time), finished(place, time)])

  const job = (name: string, given: Partial<JobDefinition>, more: Entry[]) =>
    fixture.append(defined({ job: name }, { concurrency: 'allow', ...given }), ...more)

  const runsOf = async (name: string): Promise<any[]> =>
    (await ask(fixture, `/v1/cron/jobs/${name}/runs`)).body.runs

  const untilRuns = (name: string, count: number) =>
    waitFor(
      async () => {
        const runs = await runsOf(name)
        return runs.length === count ? runs.map(({ run }) => run) : undefined
      },
      { what: `${count} runs of ${name}` },
    )

  async function verify(): Promise<any> {
    return (await ask(fixture, '/v1/projections/cron/verify', { method: 'POST' })).body
  }

  it('go when there are more than the job keeps, those first that ended first, and nothing else', async () => {
    const place = { job: 'few' }
    const [first = ''] = HOURS
    await job('few', { keepRuns: 3 }, [
      // Decided before all others, ended after them.
      started(place, first),
      ...ended(place, HOURS.slice(1)),
      aboutRun(place, 'CRON_RUN_HELD', { run: runAt('07:00'), at: at('08:00'), slot: at('07:00') }),
      finished(place, first, { at: at('09:00') }),
      started(place, '08:00'),
    ])
    expect(await untilRuns('few', 5)).toEqual(['08:00', '07:00', '06:00', '05:00', '01:00'].map(runAt))
    expect((await ask(fixture, '/v1/cron/jobs/few')).body).toMatchObject({
      counts: { started: 7, succeeded: 6 },
      open: [{ state: 'held' }, { state: 'active' }],
    })
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('all go where a job keeps none, and as many more when it comes to keep fewer', async () => {
    await job('none', { keepRuns: 0 }, ended({ job: 'none' }, HOURS))
    await job('fewer', {}, ended({ job: 'fewer' }, HOURS))
    expect(await untilRuns('none', 0)).toEqual([])
    expect(await untilRuns('fewer', 6)).toHaveLength(6)
    await fixture.append(updated({ job: 'fewer' }, { concurrency: 'allow', keepRuns: 1 }, '10:00'))
    expect(await untilRuns('fewer', 1)).toEqual([runAt('06:00')])
  })

  it('go once, whichever instances look at the same time, and while more come', async () => {
    const { journal } = fixture
    const place = { job: 'raced' }
    const instances = [journal.openAnother(), journal.openAnother()]
    await job('raced', { keepRuns: 5 }, [])
    const seconds = (from: number) =>
      Array.from({ length: 20 }, (_, nth) => {
        const run = {
          run: `now-${from + nth}`,
          at: at('01:00'),
          cause: 'now',
          attempt: 1,
          status: 'succeeded',
        }
        return [aboutRun(place, 'CRON_RUN_STARTED', run), aboutRun(place, 'CRON_RUN_FINISHED', run)]
      }).flat()
    for (const from of [0, 20, 40]) {
      await fixture.append(...seconds(from))
      const { signal } = new AbortController()
      await Promise.all(instances.map((database) => clearSurplus({ database }, signal)))
    }
    expect(await untilRuns('raced', 5)).toEqual([59, 58, 57, 56, 55].map((nth) => `now-${nth}`))
    const { rows } = await sql<{ ended_runs: number }>`
      select ended_runs from cron.jobs where job = 'raced'`.execute(journal.database.kysely)
    expect(rows).toEqual([{ ended_runs: 5 }])
  })

  it('go when they are too old; what has not ended stays, and a deleted job goes with the last of them', async () => {
    const [open, gone] = [{ job: 'open' }, { job: 'gone' }]
    await job('open', { keepDays: 30 }, [
      ...ended(open, HOURS.slice(0, 2)),
      started(open, '03:00'),
      about(open, 'CRON_JOB_DELETED', { at: at('04:00') }),
    ])
    await job('gone', { keepDays: 30 }, [
      ...ended(gone, HOURS.slice(0, 2)),
      about(gone, 'CRON_JOB_DELETED', { at: at('03:00') }),
    ])
    await job('longer', { keepDays: 40 }, ended({ job: 'longer' }, HOURS))
    const deleted = async () =>
      (await ask(fixture, '/v1/cron/jobs?state=deleted')).body.jobs.map(({ name }: any) => name)
    expect(await deleted()).toEqual(['gone', 'open'])
    fixture.clock.turn(later(31))
    expect(await untilRuns('open', 1)).toEqual([runAt('03:00')])
    await waitFor(async () => (await deleted()).length === 1, { what: 'the deleted job to go' })
    expect(await deleted()).toEqual(['open'])
    expect((await ask(fixture, '/v1/cron/jobs/gone')).status).toBe(404)
    expect(await runsOf('longer')).toHaveLength(6)
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('have come to the same after the read model was built anew', async () => {
    const before = await Promise.all(['few', 'fewer', 'longer', 'open'].map(runsOf))
    await ask(fixture, '/v1/projections/cron/rebuild', { method: 'POST', body: { reason: 'doubt' } })
    await waitFor(
      async () => {
        const [cron] = (await ask(fixture, '/v1/projections')).body.projections
        return cron.generations[0].state === 'running' && cron.generations[0].generation === 2
      },
      { what: 'generation 2 to run' },
    )
    await waitFor(async () => (await ask(fixture, '/v1/cron/jobs/gone')).status === 404, {
      what: 'the deleted job to go again',
    })
    await untilRuns('few', before[0]?.length ?? 0)
    await untilRuns('fewer', before[1]?.length ?? 0)
    await untilRuns('open', 1)
    expect(await Promise.all(['few', 'fewer', 'longer', 'open'].map(runsOf))).toEqual(before)
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('leave nothing behind that a new job of the same name would have', async () => {
    await fixture.append(defined({ job: 'gone' }, {}, '23:00'))
    expect((await ask(fixture, '/v1/cron/jobs/gone')).body).toMatchObject({
      state: 'active',
      revision: 7,
      counts: { started: 0, succeeded: 0 },
    })
    expect(await runsOf('gone')).toEqual([])
    expect(await verify()).toMatchObject({ ok: true })
  })
})
