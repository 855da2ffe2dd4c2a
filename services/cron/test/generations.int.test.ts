import { describeWithServer, startNats, waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../../packages/eventing/test/ask.ts'
import { about, aboutRun, at, defined, erased, finished, runAt, started } from './job-entries.ts'
import { type JobsFixture, openReadModel } from './jobs-fixture.ts'

describeWithServer('the read model of jobs', () => {
  let stack: AsyncDisposableStack
  let fixture: JobsFixture
  beforeAll(async () => {
    stack = new AsyncDisposableStack()
    const nats = stack.use(await startNats())
    // So rarely compared with the journal that what is read here came by messages.
    fixture = stack.use(await openReadModel({ natsUrl: nats.url, compareMs: 600_000 }))
    await waitFor(() => fixture.bus.streamState('DAYBOOK_EVENTS'), { what: 'the stream of events' })
  })
  afterAll(() => stack.disposeAsync())

  const nightly = { job: 'nightly' }
  const worked = { job: 'worked' }

  /** All that is in the tables, but what tells of when it was written. */
  async function contents(): Promise<unknown> {
    const read = async (table: string) =>
      (
        await sql<{ row: unknown }>`select to_jsonb(entry) as row from ${sql.table(`cron.${table}`)} entry
        order by to_jsonb(entry)::text`.execute(fixture.journal.database.kysely)
      ).rows
    return { jobs: await read('jobs'), runs: await read('runs') }
  }

  async function verify(): Promise<any> {
    return (await ask(fixture, '/v1/projections/cron/verify', { method: 'POST' })).body
  }

  const isPaused = async () => (await ask(fixture, '/v1/cron/jobs/nightly')).body.state === 'paused'

  it('applies messages once, however often they are delivered', async () => {
    const { journal, bus } = fixture
    const events = await journal.append(
      defined(nightly),
      defined(worked, { action: { do: 'deliver', leaseMs: 300_000 } }),
      started(nightly, '03:00'),
      started(worked, '03:00'),
      finished(nightly, '03:00', { result: 'done' }),
      about(nightly, 'CRON_SLOTS_MISSED', {
        at: at('09:00'),
        from: at('04:00'),
        to: at('08:00'),
        count: 5,
        reason: 'misfire',
      }),
      aboutRun(nightly, 'CRON_RUN_HELD', { run: runAt('09:00'), at: at('09:00'), slot: at('09:00') }),
      about(nightly, 'CRON_JOB_PAUSED', { at: at('10:00'), reason: 'holidays' }),
    )
    await journal.relay(bus, events)
    await waitFor(isPaused, { what: 'the messages' })
    const before = await contents()
    await journal.relay(bus, events)
    await journal.relay(bus, await journal.append(about(nightly, 'CRON_JOB_RESUMED', { at: at('11:00') })))
    await waitFor(async () => !(await isPaused()), { what: 'the last message' })
    const after = await contents()
    expect(after).not.toEqual(before)
    expect(after).toMatchObject({ jobs: [{}, {}], runs: [{}, {}, {}, {}] })
    expect((await ask(fixture, '/v1/cron/jobs/nightly')).body.counts).toMatchObject({ started: 1, missed: 5 })
  })

  it('is the same when it is built anew beside the running one', async () => {
    const before = await contents()
    await ask(fixture, '/v1/projections/cron/rebuild', { method: 'POST', body: { reason: 'doubt' } })
    await waitFor(
      async () => {
        const [cron] = (await ask(fixture, '/v1/projections')).body.projections
        return cron.generations[0].generation === 2 && cron.rebuild === null
      },
      { what: 'generation 2 to run' },
    )
    expect(await contents()).toEqual(before)
    expect(await verify()).toMatchObject({ ok: true, next: null, jobs: 2, runs: 4, events: 9 })
  })

  it.each([
    [
      'a document',
      `update cron_cron_g2.jobs set document = jsonb_set(document, '{slotRuns}', '9') where job = 'nightly'`,
      '/job/slotRuns',
    ],
    [
      'when a job is due',
      `update cron_cron_g2.jobs set due_at = due_at + interval '1 s' where job = 'nightly'`,
      '/columns/dueAt',
    ],
    [
      'that a job is never due',
      `update cron_cron_g2.jobs set due_at = null where job = 'nightly'`,
      '/columns/dueAt',
    ],
    [
      'how many runs it keeps',
      `update cron_cron_g2.jobs set keep_runs = 1 where job = 'nightly'`,
      '/columns/keepRuns',
    ],
    [
      'how many of its runs have ended',
      `update cron_cron_g2.jobs set ended_runs = 7 where job = 'nightly'`,
      '/columns/endedRuns',
    ],
    [
      'what a run came to',
      `update cron_cron_g2.runs set document = jsonb_set(document, '{result}', '"other"') where state = 'succeeded'`,
      '/run/result',
    ],
    [
      'since when a run can be claimed',
      `update cron_cron_g2.runs set claim_at = null where job = 'worked'`,
      '/columns/claimAt',
    ],
    ['an open run that is gone', `delete from cron_cron_g2.runs where state = 'held'`, ''],
    [
      'a run that never was',
      `insert into cron_cron_g2.runs select tenant, job, 'x', state, slot, cause, action, decided_at, decided_seq,
        ended_at, ended_seq, target, claim_at, bytes, document from cron_cron_g2.runs where state = 'held'`,
      '',
    ],
    ['runs without their job', `delete from cron_cron_g2.jobs where job = 'nightly'`, ''],
    [
      'a job that is gone with its runs',
      `delete from cron_cron_g2.jobs where job = 'nightly'; delete from cron_cron_g2.runs where job = 'nightly'`,
      '',
    ],
  ])('is found wrong by a verification: %s', async (_what, statement, path) => {
    const { kysely } = fixture.journal.database
    const tables = ['jobs', 'runs']
    const saved = tables.map((table) => `create table public.saved_${table} as table cron_cron_g2.${table}`)
    await sql.raw(saved.join(';')).execute(kysely)
    try {
      await sql.raw(statement).execute(kysely)
      expect(await verify()).toMatchObject({ ok: false, difference: { path } })
    } finally {
      for (const table of tables) await restore(table)
    }
    expect(await verify()).toMatchObject({ ok: true })
  })

  /** Columns that are generated cannot be inserted. */
  async function restore(table: string): Promise<void> {
    const { kysely } = fixture.journal.database
    const { rows } = await sql<{ names: string }>`
      select string_agg(column_name, ', ') as names from information_schema.columns
      where table_schema = 'cron_cron_g2' and table_name = ${table} and is_generated = 'NEVER'`.execute(
      kysely,
    )
    const names = rows[0]?.names ?? ''
    await sql
      .raw(`truncate cron_cron_g2.${table};
      insert into cron_cron_g2.${table} (${names}) select ${names} from public.saved_${table};
      drop table public.saved_${table}`)
      .execute(kysely)
  }

  it('is verified up to an erasure and beyond it', async () => {
    const { journal, bus } = fixture
    await journal.relay(bus, await journal.append(erased(nightly, [3, 6])))
    await waitFor(async () => (await verify()).events === 10, { what: 'the notice' })
    expect(await verify()).toMatchObject({ ok: true })
    await sql`update cron_cron_g2.runs set document = jsonb_set(document, '{result}', '"back"')
      where state = 'succeeded'`.execute(journal.database.kysely)
    expect(await verify()).toMatchObject({ ok: false, difference: { path: '/run/result', expected: null } })
  })
})
