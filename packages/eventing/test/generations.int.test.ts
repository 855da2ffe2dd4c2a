import type { JournalEvent } from '@daybook/events'
import { describeWithServer, waitFor } from '@daybook/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RelayedEvent } from '../src/batch.ts'
import { GenerationApplier } from '../src/generation-applier.ts'
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

const relayedAfter = (previous: number, event: JournalEvent): RelayedEvent => ({
  kind: 'run',
  position: event.position,
  previous,
  era: 1,
  read: () => event,
})

let journal: JournalFixture

beforeEach(async () => {
  journal = await createGenerations()
})
afterEach(() => journal[Symbol.asyncDispose]())

describeWithServer('a new version of a projection', () => {
  it('is built by itself while the code of the earlier one keeps its tables fresh', async () => {
    await journal.append(...entries(10))
    const gate = gated(diarist('2'))
    {
      await using before = startProjection(diarySpec(journal.database))
      await before.waitFor(10, WAIT_MS)
    }
    const spec = diarySpec(journal.database, {
      version: 2,
      apply: diarist('2'),
      generations: { earlier: { 1: diarist('1') } },
    })
    await using running = startProjection(spec)
    await using rebuilds = startRebuilds(
      { ...spec, apply: gate.apply },
      { ...KEEPING, onSwitched: () => running.compareNow() },
    )
    await gate.reached
    await journal.append(...entries(5))
    expect(await running.waitFor(15, WAIT_MS)).toBe(true)
    expect((await running.read('main', readDiaryAsReader)).value).toEqual(upTo(15))
    gate.open()
    await untilRuns(rebuilds, 2)
    await journal.append(...entries(1))
    expect(await running.waitFor(16, WAIT_MS)).toBe(true)
    expect(await diaryOf(journal.database, 2)).toEqual(upTo(16).map((position) => ({ position, hand: '2' })))
    expect((await diaryOf(journal.database, 1)).every(({ hand }) => hand === '1')).toBe(true)
  })

  it('never writes into tables of another version', async () => {
    await journal.append(...entries(10))
    {
      await using before = startProjection(diarySpec(journal.database))
      await before.waitFor(10, WAIT_MS)
    }
    await using running = startProjection(diarySpec(journal.database, { version: 2, apply: diarist('2') }))
    await journal.append(...entries(1))
    await waitFor(() => running.failure, { what: 'the failure' })
    expect(running.failure?.detail).toMatch(/is of version 1, this process knows version 2/)
    expect((await running.read('main', readDiaryAsReader)).value).toEqual(upTo(10))
    await using _rebuilds = startRebuilds(diarySpec(journal.database, { version: 2, apply: diarist('2') }), {
      ...KEEPING,
      onSwitched: () => running.compareNow(),
    })
    expect(await running.waitFor(11, WAIT_MS)).toBe(true)
    expect((await running.read('main', readDiaryAsReader)).value).toEqual(upTo(11))
  })

  it('is not replaced by an instance of an earlier one that is still there', async () => {
    await using newer = startRebuilds(diarySpec(journal.database, { version: 2 }), KEEPING)
    await untilRuns(newer, 2)
    await using older = startRebuilds(diarySpec(journal.database), KEEPING)
    await older.request('by the older one', ACTOR)
    await untilRuns(older, 3)
    // Asked for, it may go back; by itself it does not, and the newer one does not go forth and back either.
    expect((await newer.list()).map(({ version }) => version)).toEqual([1, 2, 1])
  })
})

describeWithServer('an instance that does not know of a switch yet', () => {
  it('applies a message to the tables that run now, and to no others', async () => {
    await journal.append(...entries(10))
    const late = new GenerationApplier(diarySpec(journal.openAnother()), () => {})
    const { signal } = new AbortController()
    await late.catchUp(signal)
    await using rebuilds = startRebuilds(diarySpec(journal.database), KEEPING)
    await rebuilds.request('doubt', ACTOR)
    await untilRuns(rebuilds, 2)
    const [event] = await journal.append(...entries(1))
    expect(await late.take([relayedAfter(10, event!)], signal)).toBe(true)
    expect(await positionsIn(journal, 2)).toEqual(upTo(11))
    expect(await positionsIn(journal, 1)).toEqual(upTo(10))
    expect(late.position).toBe(11)
  })

  it('gets on when the tables it knew are gone', async () => {
    await journal.append(...entries(10))
    const late = new GenerationApplier(diarySpec(journal.openAnother()), () => {})
    const { signal } = new AbortController()
    await late.catchUp(signal)
    await using rebuilds = startRebuilds(diarySpec(journal.database), EAGER)
    await rebuilds.request('doubt', ACTOR)
    await waitFor(async () => (await rebuilds.list())[1]?.droppedAt, { what: 'the tables to be dropped' })
    const [event] = await journal.append(...entries(1))
    expect(await late.take([relayedAfter(10, event!)], signal)).toBe(true)
    expect(await positionsIn(journal, 2)).toEqual(upTo(11))
  })
})
