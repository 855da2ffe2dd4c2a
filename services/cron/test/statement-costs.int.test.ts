import type { CronRun } from '@daybook/events'
import { describeWithServer } from '@daybook/testing'
import { type KyselyPlugin, type QueryExecutorProvider, sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { explaining } from '../../../packages/eventing/test/explaining.ts'
import { jobDefinition } from '../../../packages/events/test/cron-story.ts'
import type { RunState } from '../src/jobs/job-states.ts'
import { recallJobs } from '../src/recall.ts'
import { loadJobs } from '../src/store/jobs.ts'
import { listRuns } from '../src/store/list-runs.ts'
import { removeSurplusRuns } from '../src/store/retention.ts'
import { saveRuns } from '../src/store/runs.ts'
import { at } from './job-entries.ts'
import { type JobsFixture, openReadModel } from './jobs-fixture.ts'

const JOBS = 701
const RUNS_PER_JOB = 10
/** Three steps down an index and the row, of each table, and the same for every key. */
const PAGES_PER_KEY_MAX = 30

describeWithServer('what the read model of jobs asks', () => {
  let fixture: JobsFixture
  beforeAll(async () => {
    fixture = await openReadModel({ compareMs: 600_000 })
    await fill()
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  /** Rows as the read model has them, without statistics, as after an upgrade; and a journal that fits them. */
  async function fill(): Promise<void> {
    const definition = JSON.stringify({ name: 'j', definition: jobDefinition(), runs: [] })
    await fixture.journal.append(
      ...Array.from({ length: JOBS }, (_, nth) => ({ stream: `cron/j${nth}`, type: 'CRON_JOB_PAUSED' })),
    )
    await fixture.journal.database.kysely.transaction().execute(async (trx) => {
      await sql`set local search_path = cron_cron_g1, pg_catalog`.execute(trx)
      await sql`
        insert into jobs (tenant, job, phase, seq, last_event_id, due_at, next_at, tzdata, open_runs, ended_runs,
          keep_runs, keep_days, created_at, updated_at, bytes, document)
        select tenant, substr(stream, 6), 'active', seq, id, now(), now(), '2026c', 0, ${RUNS_PER_JOB}, 1000, 90, now(),
          now(), 100, ${definition}::jsonb
        from journal.events`.execute(trx)
      await sql`
        insert into runs (tenant, job, run, state, cause, decided_at, decided_seq, ended_at, ended_seq, bytes, document)
        select 'main', 'j' || job, 'r' || run, 'succeeded', 'slot', now(), run, now(), run, 100, '{}'
        from generate_series(0, ${JOBS - 1}::integer) as job, generate_series(1, ${RUNS_PER_JOB}::integer) as run`.execute(
        trx,
      )
    })
  }

  async function planOf(ask: (executor: QueryExecutorProvider) => Promise<unknown>): Promise<string> {
    const lines: string[] = []
    const keeping: KyselyPlugin = {
      ...explaining('explain (analyze, buffers, costs off, timing off)'),
      transformResult: async ({ result }) => {
        lines.push(...result.rows.map((row) => String(Object.values(row)[0])))
        return { ...result, rows: [] }
      },
    }
    await fixture.journal.database.kysely.transaction().execute(async (trx) => {
      await sql`set local search_path = cron_cron_g1, pg_catalog`.execute(trx)
      await ask(trx.withPlugin(keeping))
    })
    return lines.join('\n')
  }

  function pagesOf(plan: string): number {
    const [, hit = '0', read = '0'] = /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(plan) ?? []
    return Number(hit) + Number(read)
  }

  const keys = (count: number) =>
    Array.from({ length: count }, (_, nth) => ({ tenant: 'main', job: `j${nth * 7}` }))

  const runsOf = (count: number): RunState[] =>
    keys(count).map((key) => {
      const ended = { endedAt: at('03:00'), endedSeq: 99, lastSeq: 99, failures: [], attempt: 1 }
      const decided = { decidedAt: at('03:00'), decidedSeq: 99, cause: 'slot' as const }
      const document: CronRun = { run: 'r5', state: 'succeeded', ...decided, ...ended }
      return { ...key, document, action: 'publish' }
    })

  it.each([
    ['the jobs of a batch', (trx: QueryExecutorProvider) => loadJobs(trx, keys(100))],
    ['the jobs that are decided together', (trx: any) => recallJobs({ kysely: trx }, keys(100))],
    ['the runs of a batch', (trx: QueryExecutorProvider) => saveRuns(trx, runsOf(100))],
  ])('looks each of %s up by its key', async (_what, ask) => {
    const plan = await planOf(ask)
    expect(plan).not.toMatch(/Seq Scan on (jobs|runs|events|streams)/)
    expect(pagesOf(plan)).toBeLessThan(PAGES_PER_KEY_MAX * 100)
  })

  it('goes down an index for a page of the history, and for what is too much', async () => {
    const history = await planOf((trx) => listRuns(trx, { tenant: 'main', job: 'j7', limit: 3 }))
    expect(history).toMatch(/runs_history_idx/)
    expect(pagesOf(history)).toBeLessThan(PAGES_PER_KEY_MAX)
    const cleared = await planOf(async (trx) => {
      await sql`update jobs set keep_runs = 9 where job in ('j1', 'j2')`.execute(trx)
      await removeSurplusRuns(trx, 500)
    })
    expect(cleared).toMatch(/runs_ended_idx/)
    expect(cleared).not.toMatch(/Seq Scan on runs/)
  })
})
