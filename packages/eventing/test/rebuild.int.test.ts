import type { JournalEvent } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { generationStore } from '../src/generation.ts'
import { startProjection } from '../src/projection.ts'
import { startRebuilds } from '../src/rebuild.ts'
import {
  ACTOR,
  createGenerations,
  diarist,
  diaryOf,
  diarySpec,
  EAGER,
  entries,
  gated,
  KEEPING,
  positionsIn,
  readDiaryAsReader,
  untilRuns,
  upTo,
  WAIT_MS,
} from './generation-fixture.ts'
import type { JournalFixture } from './journal-fixture.ts'

let journal: JournalFixture

beforeEach(async () => {
  journal = await createGenerations()
})
afterEach(() => journal[Symbol.asyncDispose]())

async function isBlocked(step: string): Promise<boolean> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like ${`%${step}%`}
      and pid <> pg_backend_pid()`.execute(journal.database.kysely)
  return rows[0]?.waiting === 1
}

/** Writes down how many lines the diaries of generations 1 and 2 have at the moment of the switch between them. */
async function recordSwitches(): Promise<void> {
  await sql
    .raw(
      `create table switches (before integer, after integer);
       create function record_switch() returns trigger language plpgsql as $$
       declare
         counts public.switches;
       begin
         execute 'select (select count(*) from projection_runs_g1.diary), (select count(*) from projection_runs_g2.diary)'
         into counts;
         insert into public.switches select counts.*;
         return null;
       end
       $$;
       create trigger record_switch after update on projection.generations
         for each row when (new.generation = 2 and new.state = 'running' and old.state = 'building')
         execute function record_switch()`,
    )
    .execute(journal.database.kysely)
}

describeWithServer('a rebuild', () => {
  it('fills new tables beside the running ones, which go on until the switch', async () => {
    await journal.append(...entries(50))
    const gate = gated()
    await using running = startProjection(diarySpec(journal.database))
    await running.waitFor(50, WAIT_MS)
    await using rebuilds = startRebuilds(diarySpec(journal.database, { apply: gate.apply }), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await gate.reached
    await journal.append(...entries(10))
    expect(await running.waitFor(60, WAIT_MS)).toBe(true)
    expect((await running.read('main', readDiaryAsReader)).value).toEqual(upTo(60))
    expect((await rebuilds.progress())?.generation).toMatchObject({
      generation: 2,
      reason: 'doubt',
      actor: ACTOR,
    })
    gate.open()
    await untilRuns(rebuilds, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(60))
    await journal.append(...entries(5))
    expect(await running.waitFor(65, WAIT_MS)).toBe(true)
    expect(await positionsIn(journal, 2)).toEqual(upTo(65))
    expect(await positionsIn(journal, 1)).toEqual(upTo(60))
  })

  it('brings the new tables as far as the old ones before the switch, whatever comes meanwhile', async () => {
    await journal.append(...entries(10))
    await recordSwitches()
    const gate = gated()
    await using running = startProjection(diarySpec(journal.openAnother()))
    await running.waitFor(10, WAIT_MS)
    await using rebuilds = startRebuilds(diarySpec(journal.openAnother(), { apply: gate.apply }), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await gate.reached
    await journal.database.transaction(async (trx) => {
      // Holds the switch up at its very last step.
      await sql`select from projection.generations where state = 'running' for update`.execute(trx)
      gate.open()
      await waitFor(() => isBlocked('switch_generation'), { what: 'the switch' })
      await journal.append(...entries(1))
      await running.waitFor(11, 500)
    })
    await untilRuns(rebuilds, 2)
    expect(await running.waitFor(11, WAIT_MS)).toBe(true)
    const { rows } = await sql`select before, after from switches`.execute(journal.database.kysely)
    expect(rows).toEqual([{ before: 10, after: 10 }])
    expect(await positionsIn(journal, 2)).toEqual(upTo(11))
  })

  it('never shows a reader less than it has seen, whenever the switch comes', async () => {
    await using running = startProjection(diarySpec(journal.database))
    await using other = startProjection(diarySpec(journal.openAnother()))
    await using rebuilds = startRebuilds(diarySpec(journal.openAnother()), KEEPING)
    const seen = { lines: 0 }
    const read = async (from: typeof running) => {
      const { value, position } = await from.read('main', readDiaryAsReader)
      expect(value).toEqual(upTo(value.length))
      expect(value.length).toBeGreaterThanOrEqual(seen.lines)
      expect(value.length).toBeGreaterThanOrEqual(position)
      seen.lines = value.length
    }
    for (let generation = 2; generation < 6; generation += 1) {
      await rebuilds.request('again', ACTOR)
      await waitFor(
        async () => {
          const [event] = await journal.append(...entries(1))
          await (generation % 2 === 0 ? running : other).waitFor(event?.position ?? 0, WAIT_MS)
          await read(running)
          await read(other)
          return (await rebuilds.list())[0]?.state === 'running'
        },
        { what: `generation ${generation} to run`, timeoutMs: 30_000 },
      )
    }
  })

  it('goes on where it was when the service is started again, and doubles nothing', async () => {
    await journal.append(...entries(12_000))
    const gate = gated()
    const isFirst = { value: true }
    const applyFirstOnly = async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      if (!isFirst.value) return gate.apply(trx, events)
      isFirst.value = false
      await diarist('1')(trx, events)
    }
    {
      await using rebuilds = startRebuilds(diarySpec(journal.database, { apply: applyFirstOnly }), KEEPING)
      await rebuilds.request('doubt', ACTOR)
      await gate.reached
      const stopping = rebuilds[Symbol.asyncDispose]()
      gate.open()
      await stopping
    }
    const before = await positionsIn(journal, 2)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(12_000)
    await using rebuilds = startRebuilds(diarySpec(journal.database, { apply: diarist('2') }), KEEPING)
    await untilRuns(rebuilds, 2)
    const diary = await diaryOf(journal.database, 2)
    expect(diary.map(({ position }) => position)).toEqual(upTo(12_000))
    expect(diary.filter(({ hand }) => hand === '1')).toHaveLength(before.length)
  })

  it('is done once by however many instances', async () => {
    await journal.append(...entries(3_000))
    await using one = startRebuilds(diarySpec(journal.database), KEEPING)
    await using _two = startRebuilds(diarySpec(journal.openAnother()), KEEPING)
    await Promise.all([one.request('doubt', ACTOR), one.request('doubt', ACTOR)])
    await untilRuns(one, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(3_000))
    expect(await one.list()).toHaveLength(2)
  })

  it('is left to the instance that reports, and taken over when that has fallen silent', async () => {
    await journal.append(...entries(5))
    const { kysely } = journal.database
    const store = generationStore(diarySpec(journal.database))
    await store.begin(kysely, { version: 1, reason: 'doubt', actor: ACTOR })
    expect(await store.claim(kysely, 2, 'one')).toBe(true)
    expect(await store.claim(kysely, 2, 'another')).toBe(false)
    await sql`update projection.generations set seen_at = now() - interval '16 seconds' where generation = 2`.execute(
      kysely,
    )
    expect(await store.claim(kysely, 2, 'another')).toBe(true)
    const told = { phase: null, eventsPerSecond: null, failure: null }
    expect(await store.report(kysely, 2, { builder: 'one', ...told })).toBe(false)
    await store.release(kysely, 2, 'another')
    await using rebuilds = startRebuilds(diarySpec(journal.database), KEEPING)
    await untilRuns(rebuilds, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(5))
  })

  it('can be given up: its tables go, the running ones stay, and nothing begins by itself', async () => {
    await journal.append(...entries(20))
    const gate = gated()
    await using running = startProjection(diarySpec(journal.database))
    await running.waitFor(20, WAIT_MS)
    const spec = diarySpec(journal.database, { version: 2, apply: gate.apply, generations: {} })
    await using rebuilds = startRebuilds(spec, EAGER)
    await gate.reached
    expect(await rebuilds.cancel()).toBe(true)
    gate.open()
    expect(await rebuilds.cancel()).toBe(false)
    await waitFor(async () => (await rebuilds.list())[0]?.droppedAt, { what: 'the tables to be dropped' })
    await expect(positionsIn(journal, 2)).rejects.toThrow(/does not exist/)
    await journal.append(...entries(1))
    expect(await running.waitFor(21, WAIT_MS)).toBe(true)
    expect(await rebuilds.list()).toMatchObject([{ state: 'cancelled' }, { state: 'running', version: 1 }])
  })

  it('drops the tables that it replaced', async () => {
    await using rebuilds = startRebuilds(diarySpec(journal.database), EAGER)
    await rebuilds.request('doubt', ACTOR)
    await untilRuns(rebuilds, 2)
    await waitFor(async () => (await rebuilds.list())[1]?.droppedAt, { what: 'the tables to be dropped' })
    await expect(positionsIn(journal, 1)).rejects.toThrow(/does not exist/)
  })

  it('leaves replaced tables to who is still reading them', async () => {
    await journal.append(...entries(5))
    await using running = startProjection(diarySpec(journal.database))
    await running.waitFor(5, WAIT_MS)
    await using rebuilds = startRebuilds(diarySpec(journal.openAnother()), EAGER)
    const read = await running.read('main', async (trx) => {
      const first = await readDiaryAsReader(trx)
      await rebuilds.request('doubt', ACTOR)
      await untilRuns(rebuilds, 2)
      await waitFor(() => isBlocked('drop_generations'), { what: 'somebody to want the tables' })
      return [first, await readDiaryAsReader(trx)]
    })
    expect(read.value).toEqual([upTo(5), upTo(5)])
    await waitFor(async () => (await rebuilds.list())[1]?.droppedAt, { what: 'the tables to be dropped' })
  })

  it('begins anew when the journal is restored meanwhile', async () => {
    await journal.append(...entries(30))
    const gate = gated()
    await using rebuilds = startRebuilds(diarySpec(journal.database, { apply: gate.apply }), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await gate.reached
    await journal.setEra(2)
    gate.open()
    await untilRuns(rebuilds, 2)
    await using running = startProjection(diarySpec(journal.database))
    expect(await running.waitFor(30, WAIT_MS)).toBe(true)
    expect(await positionsIn(journal, 2)).toEqual(upTo(30))
  })

  it('tells why it cannot get on, and gets on when the cause is mended', async () => {
    await journal.append(...entries(10))
    const cause = { isMended: false }
    const apply = async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      if (!cause.isMended) await sql`select * from a_table_that_is_not_there`.execute(trx)
      await diarist('1')(trx, events)
    }
    await using rebuilds = startRebuilds(diarySpec(journal.database, { apply }), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await waitFor(
      async () =>
        (await rebuilds.progress())?.generation.build.failure?.includes('a_table_that_is_not_there'),
      { what: 'the failure to be told' },
    )
    cause.isMended = true
    await rebuilds.request('mended', ACTOR)
    await untilRuns(rebuilds, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(10))
  })
})
