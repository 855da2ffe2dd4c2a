import type { JournalEvent } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { type QueryExecutorProvider, sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startProjection } from '../src/projection.ts'
import { startRebuilds } from '../src/rebuild.ts'
import {
  ACTOR,
  createGenerations,
  diarist,
  diarySpec,
  entries,
  gated,
  KEEPING,
  positionsIn,
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

describeWithServer('streams that a generation leaves out', () => {
  function curse(stream: string, isCursed: () => boolean) {
    return async (trx: QueryExecutorProvider, events: readonly JournalEvent[]) => {
      if (isCursed() && events.some((event) => event.stream === stream)) throw new Error('cursed')
      await diarist('1')(trx, events)
    }
  }

  async function letters(): Promise<{ status: string; resolved: boolean }[]> {
    const { rows } = await sql<{ status: string; resolved: boolean }>`
      select status, resolved_at is not null as resolved from journal.dead_letters order by id`.execute(
      journal.database.kysely,
    )
    return rows
  }

  it('are whole again after a rebuild by mended code, and their dead letters are resolved', async () => {
    await journal.append(...entries(3), ...entries(2, 'run/b'))
    await using running = startProjection(diarySpec(journal.database, { apply: curse('run/b', () => true) }))
    await running.waitFor(5, WAIT_MS)
    expect((await running.read('main', (trx) => running.parked.list(trx, 'main'))).value).toHaveLength(1)
    expect(await letters()).toEqual([{ status: 'open', resolved: false }])
    await using rebuilds = startRebuilds(diarySpec(journal.database), KEEPING)
    await rebuilds.request('mended', ACTOR)
    await untilRuns(rebuilds, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(5))
    expect((await running.read('main', (trx) => running.parked.list(trx, 'main'))).value).toEqual([])
    expect(await letters()).toEqual([{ status: 'requeued', resolved: true }])
  })

  it('stay left out, with an open dead letter, if the rebuild cannot apply them either', async () => {
    await journal.append(...entries(3), ...entries(2, 'run/b'))
    const spec = diarySpec(journal.database, { apply: curse('run/b', () => true) })
    await using running = startProjection(spec)
    await running.waitFor(5, WAIT_MS)
    await using rebuilds = startRebuilds(spec, KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await untilRuns(rebuilds, 2)
    expect(await positionsIn(journal, 2)).toEqual(upTo(3))
    expect((await running.read('main', (trx) => running.parked.list(trx, 'main'))).value).toHaveLength(1)
    expect(await letters()).toEqual([{ status: 'open', resolved: false }])
  })

  it('are no concern of anybody when the rebuild that left them out is given up', async () => {
    await journal.append(...entries(3), ...entries(2, 'run/b'))
    await using running = startProjection(diarySpec(journal.database))
    await running.waitFor(5, WAIT_MS)
    const gate = gated(curse('run/b', () => true))
    await using rebuilds = startRebuilds(diarySpec(journal.database, { apply: gate.apply }), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await gate.reached
    const lock = journal.database.transaction(async (trx) => {
      // Keeps the switch away until the build has been given up.
      await sql`select from projection_runs_g1.checkpoints for update`.execute(trx)
      gate.open()
      await waitFor(async () => (await letters()).length === 1, { what: 'the dead letter' })
      expect(await rebuilds.cancel()).toBe(true)
    })
    await lock
    expect(await letters()).toEqual([{ status: 'requeued', resolved: true }])
  })
})
