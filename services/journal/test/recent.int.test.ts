import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createJournalDatabase,
  type JournalDatabase,
  type JournalFixture,
  log,
  openJournalService,
  readAll,
} from './service-fixture.ts'
import { expectSound } from './sound.ts'

/** Each instance remembers what it wrote; here the other one has always been faster. */
describe('a journal instance that remembers what is no longer true', () => {
  let database: JournalDatabase
  let one: JournalFixture
  let other: JournalFixture

  beforeAll(async () => {
    database = await createJournalDatabase()
    one = await openJournalService(database.connect())
    other = await openJournalService(database.connect())
  })

  afterAll(async () => {
    await other[Symbol.asyncDispose]()
    await one[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  async function movedBehindTheBackOf(stream: string): Promise<void> {
    await one.append([log(stream, 'first')])
    await other.append([log(stream, 'second')])
  }

  // Without the check in the write: two events with seq 2, which the index refuses with `internal`.
  it('appends behind what the other instance wrote', async () => {
    await movedBehindTheBackOf('run/behind')
    const { receipts } = await one.append([log('run/behind', 'third')])
    expect(receipts[0]?.seq).toBe(3)
  })

  // Without M2: refused, since this instance believes that the stream is at 1.
  it('accepts an expectation that is right although it knows otherwise', async () => {
    await movedBehindTheBackOf('run/right')
    const { receipts } = await one.append([log('run/right', 'third')], { 'run/right': 2 })
    expect(receipts[0]?.seq).toBe(3)
  })

  it('refuses an expectation that was right, and names the seq of the other instance', async () => {
    await movedBehindTheBackOf('run/stale')
    const { status, body } = await one.post({
      events: [log('run/stale', 'third')],
      expect: { 'run/stale': 1 },
    })
    expect([status, body.code, body.details?.actual]).toEqual([409, 'seq-conflict', 2])
  })

  it('refuses an expectation of a stream that the other instance made', async () => {
    await other.append([log('run/made', 'first')])
    const { status, body } = await one.post({
      events: [log('run/made', 'x')],
      expect: { 'run/made': 'absent' },
    })
    expect([status, body.code]).toEqual([409, 'seq-conflict'])
  })

  // Without the look after a unique violation: `internal`.
  it('recognises an event that the other instance has just appended', async () => {
    const event = log('run/twice', 'only once')
    const first = await other.append([event])
    const again = await one.append([event])
    expect(again.receipts).toEqual(first.receipts.map((receipt) => ({ ...receipt, duplicate: true })))
  })

  it('recognises one event among new ones, and appends those', async () => {
    const event = log('run/among', 'only once')
    await other.append([event])
    const { receipts } = await one.append([log('run/among', 'new'), event, log('run/elsewhere', 'new')])
    expect(receipts.map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
      [2, false],
      [1, true],
      [1, false],
    ])
  })

  it('refuses the id of another event that the other instance has just appended', async () => {
    const event = log('run/reused', 'mine')
    await other.append([event])
    const { status, body } = await one.post({ events: [{ ...event, data: { message: 'not mine' } }] })
    expect([status, body.code]).toEqual([409, 'id-reused'])
  })

  // Without looking up the ids of events with keys: taken for a repetition of the one that has the key.
  it('refuses the id of another event also where the key is that of an equal one', async () => {
    const keyed = log('run/keyed', 'mine', { key: 'natural' })
    const reused = log('run/keyed', 'another')
    await other.append([keyed, reused])
    const { status, body } = await one.post({ events: [{ ...keyed, id: reused.id }] })
    expect([status, body.code]).toEqual([409, 'id-reused'])
  })

  it('leaves a sound journal behind after all this', async () => {
    expectSound(await readAll(database.connect()))
  })
})
