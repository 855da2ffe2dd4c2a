import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobKey } from '../src/jobs/job-states.ts'
import { recallJob, recallJobs } from '../src/recall.ts'
import { defined, runAt, started } from './job-entries.ts'
import { type JobsFixture, openReadModel } from './jobs-fixture.ts'

let fixture: JobsFixture
beforeAll(async () => {
  fixture = await openReadModel()
})
afterAll(() => fixture[Symbol.asyncDispose]())

function execute(statement: string): Promise<unknown> {
  return sql.raw(statement).execute(fixture.journal.database.kysely)
}

describe('a job that is recalled', () => {
  it('has the state, the seq and the hash of its last event, one by itself or many in one statement', async () => {
    const [first, second] = [{ job: 'recalled' }, { job: 'recalled', tenant: 'acme' }]
    const [, start] = await fixture.append(defined(first), started(first, '03:00'))
    const [only] = await fixture.append(defined(second))
    const { database } = fixture.journal
    const keys = [first, second, { job: 'never' }].map(({ job, ...rest }) => ({
      tenant: 'main',
      ...rest,
      job,
    }))
    const recalled = await recallJobs(database, keys)
    expect(recalled.size).toBe(2)
    expect(recalled.get(jobKey('main', 'recalled'))).toMatchObject({
      seq: 2,
      hash: start?.hash,
      state: { name: 'recalled', runs: [{ run: runAt('03:00') }] },
    })
    expect(recalled.get(jobKey('acme', 'recalled'))).toMatchObject({
      seq: 1,
      hash: only?.hash,
      state: { runs: [] },
    })
    expect(await recallJob(fixture.service.jobs, { tenant: 'main', job: 'recalled' })).toEqual(
      recalled.get(jobKey('main', 'recalled')),
    )
    expect(await recallJobs(database, [])).toEqual(new Map())
  })

  it('is not, where its last event is not the one that the journal has at that place', async () => {
    const place = { job: 'restored' }
    await fixture.append(defined(place))
    await execute(
      `update cron_cron_g1.jobs set last_event_id = '01K00000000000000000000000' where job = 'restored'`,
    )
    expect(await recallJob(fixture.service.jobs, { tenant: 'main', job: 'restored' })).toBeUndefined()
    await execute(`delete from cron_cron_g1.jobs where job = 'restored'`)
    expect(await recallJob(fixture.service.jobs, { tenant: 'main', job: 'restored' })).toBeUndefined()
  })
})
