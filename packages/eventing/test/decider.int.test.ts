import { DaybookError } from '@daybook/errors'
import type { Draft, JournalEvent } from '@daybook/events'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  createJournalDatabase,
  type JournalFixture,
  nextId,
  openJournalService,
} from '../../../services/journal/test/service-fixture.ts'
import {
  type Appender,
  type Decided,
  type Decider,
  decideLoop,
  noArchive,
  rememberStates,
  type StateAt,
  streamReader,
} from '../src/index.ts'

const actor = { kind: 'user' as const, id: 'ada' }
const caller = { tenant: 'main', actor }

/** Counts to a number that it never passes. */
interface Count {
  readonly count: number
}

const step = (message: string) => ({ type: 'PROCESS_LOG' as const, data: { message } })

const counter: Decider<Count, { upTo: number; steps?: number }> = {
  initial: { count: 0 },
  evolve: ({ count }, event) => ({ count: count + (event.type === 'PROCESS_LOG' ? 1 : 0) }),
  decide: ({ count }, { upTo, steps = 1 }) => {
    if (upTo < 0) throw new DaybookError('invalid-transition', 'A count is never negative.')
    return Array.from({ length: Math.min(steps, Math.max(0, upTo - count)) }, () => step(`after ${count}`))
  },
}

/** On or off, as the last event says. */
const toggle: Decider<string, string> = {
  initial: 'off',
  evolve: (_before, { data }) => (data['message'] === 'on' ? 'on' : 'off'),
  decide: (state, wanted) => (state === wanted ? [] : [step(wanted)]),
}

const said = (message: string, stream: string): Draft => ({ ...step(message), id: nextId(), v: 1, stream })

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const database = stack.use(await createJournalDatabase())
const journal = stack.use(await openJournalService(database.connect()))
const another = stack.use(await openJournalService(database.connect()))
const read = streamReader(database.connect(), noArchive)

/** As the service's appender, without the way over the network. */
const appendAt =
  (service: JournalFixture): Appender =>
  async (request) => {
    const { status, body } = await service.post(request)
    if (status >= 400) throw new DaybookError(body.code, body.detail, { details: body.details })
    return body
  }

const countAt = (service: JournalFixture) => decideLoop({ read, append: appendAt(service) }, counter)
const count = countAt(journal)
const turn = decideLoop({ read, append: appendAt(journal) }, toggle)

async function eventsOf(stream: string): Promise<JournalEvent[]> {
  const page = await read({ tenant: 'main', stream, after: 0, limit: 1_000, bytesMax: 1_000_000 })
  return page.events
}

describe('a command', () => {
  it('appends what was decided, as the caller, and answers the state after it', async () => {
    const { state, receipts } = await count({ caller, stream: 'run/one', command: { upTo: 9, steps: 2 } })
    expect(state).toEqual({ count: 2 })
    expect(receipts.map(({ seq, stream }) => ({ seq, stream }))).toEqual([
      { seq: 1, stream: 'run/one' },
      { seq: 2, stream: 'run/one' },
    ])
    const events = await eventsOf('run/one')
    expect(events.map(({ type, v, actor: by }) => ({ type, v, by }))).toEqual([
      { type: 'PROCESS_LOG', v: 1, by: actor },
      { type: 'PROCESS_LOG', v: 1, by: actor },
    ])
  })

  it('appends nothing when it is true already', async () => {
    const command = { caller, stream: 'run/done', command: { upTo: 1 } }
    await count(command)
    expect(await count(command)).toEqual({ state: { count: 1 }, drafts: [], receipts: [] })
    expect(await eventsOf('run/done')).toHaveLength(1)
  })

  it('is refused with what the decider says, and appends nothing', async () => {
    const refused = count({ caller, stream: 'run/refused', command: { upTo: -1 } })
    await expect(refused).rejects.toMatchObject({ code: 'invalid-transition' })
    expect(await eventsOf('run/refused')).toEqual([])
  })

  it('sees only the streams of its tenant', async () => {
    await count({ caller, stream: 'run/whose', command: { upTo: 9 } })
    const page = await read({ tenant: 'other', stream: 'run/whose', after: 0, limit: 9, bytesMax: 9_999 })
    expect(page.events).toEqual([])
  })

  it('is decided by the end of a stream that is longer than a page', async () => {
    const stream = 'run/long'
    await journal.append(Array.from({ length: 1_000 }, () => said('on', stream)))
    await journal.append([said('off', stream)])
    expect(await turn({ caller, stream, command: 'off' })).toMatchObject({ state: 'off', receipts: [] })
    expect((await turn({ caller, stream, command: 'on' })).receipts).toMatchObject([{ seq: 1_002 }])
  })
})

describe('commands at the same time', () => {
  it('are decided one after the other, on two instances of the journal', async () => {
    const command = { caller, stream: 'run/race', command: { upTo: 12 } }
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, index) => countAt(index % 2 === 0 ? journal : another)(command)),
    )
    expect(results.filter(({ receipts }) => receipts.length === 1)).toHaveLength(12)
    expect(await eventsOf('run/race')).toHaveLength(12)
  })

  it('never pass the bound that the decider keeps, however they come', async () => {
    let run = 0
    const commands = fc.array(
      fc.record({ upTo: fc.integer({ min: 0, max: 8 }), steps: fc.integer({ min: 1, max: 3 }) }),
      { minLength: 1, maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(commands, async (wanted) => {
        run += 1
        const stream = `run/bound-${run}`
        const results = await Promise.all(
          wanted.map((command, index) => countAt(index % 2 ? journal : another)({ caller, stream, command })),
        )
        const events = await eventsOf(stream)
        expect(events.length).toBeLessThanOrEqual(Math.max(...wanted.map(({ upTo }) => upTo)))
        expect(events.length).toBe(results.reduce((sum, { receipts }) => sum + receipts.length, 0))
        // Each event was decided on the state that it then met.
        for (const { data } of events) expect(data['message']).toMatch(/^after \d+$/u)
        for (const { receipts } of results)
          for (const { seq } of receipts.slice(0, 1))
            expect(events[seq - 1]?.data['message']).toBe(`after ${seq - 1}`)
      }),
      { numRuns: 15 },
    )
  })

  it('meet a key that a rival took with other words as a conflict, and are decided anew', async () => {
    const stream = 'run/keyed'
    const keyed: Decider<Count, null> = {
      ...counter,
      decide: ({ count: before }) => (before > 0 ? [] : [{ ...step('mine'), key: 'slot:1' }]),
    }
    const append: Appender = async (request, author) => {
      await journal.append([{ ...said('of a rival', stream), key: 'slot:1' }])
      return appendAt(journal)(request, author)
    }
    const late = decideLoop({ read, append }, keyed)
    expect(await late({ caller, stream, command: null })).toMatchObject({ state: { count: 1 }, receipts: [] })
  })

  it('are refused where they give a key of their own stream a second time', async () => {
    const stream = 'run/keyed-twice'
    const again: Decider<Count, string> = {
      ...counter,
      decide: (_state, said) => [{ ...step(said), key: 'k' }],
    }
    const say = decideLoop({ read, append: appendAt(journal) }, again)
    await say({ caller, stream, command: 'a' })
    await expect(say({ caller, stream, command: 'b' })).rejects.toMatchObject({ code: 'key-reused' })
  })

  it('are told to come back when others are always faster', async () => {
    const append: Appender = async (request, author) => {
      await journal.append([{ ...step('a rival'), id: nextId(), v: 1, stream: 'run/outrun' }])
      return appendAt(journal)(request, author)
    }
    const outrun = decideLoop({ read, append }, counter)
    const result = outrun({ caller, stream: 'run/outrun', command: { upTo: 1_000 } })
    await expect(result).rejects.toMatchObject({ code: 'conflict', retry: 'later' })
  })
})

describe('a command whose events go to another stream too', () => {
  const both: Decider<Count, { other: string }> = {
    ...counter,
    decide: ({ count: before }, { other }): Decided[] =>
      before > 0 ? [] : [step('here'), { ...step('there'), stream: other }],
  }
  const writeBoth = decideLoop({ read, append: appendAt(journal) }, both)
  const send = (stream: string, other: string) =>
    writeBoth({ caller, stream, command: { other }, expect: { [other]: 'absent' } })

  it('journals all of them or none', async () => {
    await send('run/both-a', 'run/both-b')
    expect(await eventsOf('run/both-b')).toHaveLength(1)
    await expect(send('run/both-c', 'run/both-b')).rejects.toMatchObject({ code: 'seq-conflict' })
    expect(await eventsOf('run/both-c')).toEqual([])
  })

  it('finds what an equal one did at the same time, instead of a conflict', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => send('run/both-d', 'run/both-e')))
    expect(results.filter(({ receipts }) => receipts.length === 2)).toHaveLength(1)
    expect(await eventsOf('run/both-e')).toHaveLength(1)
  })
})

describe('a state that is recalled', () => {
  const recalling = (recalled: StateAt<Count>) =>
    decideLoop({ read, append: appendAt(journal), recall: async () => recalled }, counter)

  it('is brought up to date before anything is decided', async () => {
    const stream = 'run/recalled'
    await journal.append([said('on', stream), said('off', stream)])
    const late = decideLoop(
      { read, append: appendAt(journal), recall: async () => ({ state: 'on', seq: 1 }) },
      toggle,
    )
    expect((await late({ caller, stream, command: 'on' })).receipts).toMatchObject([{ seq: 3 }])
  })

  it('is given up when the journal does not know it', async () => {
    await count({ caller, stream: 'run/restored', command: { upTo: 2, steps: 2 } })
    const ahead = recalling({ state: { count: 7 }, seq: 7 })
    const { state } = await ahead({ caller, stream: 'run/restored', command: { upTo: 9 } })
    expect(state).toEqual({ count: 3 })
  })
})

describe('states that are remembered', () => {
  const kept = () => rememberStates<Count>({ weightMax: 100, weigh: () => 1 })

  /** Counts what is asked of the journal. */
  function watched(remembered = kept()) {
    const asked = { pages: 0, appends: 0 }
    const run = decideLoop<Count, { upTo: number; steps?: number }>(
      {
        read: (query) => {
          asked.pages += 1
          return read(query)
        },
        append: (request, author) => {
          asked.appends += 1
          return appendAt(journal)(request, author)
        },
        remembered,
      },
      counter,
    )
    return {
      asked,
      remembered,
      run: (stream: string, upTo: number, steps = 1) => run({ caller, stream, command: { upTo, steps } }),
    }
  }

  it('spare reading the stream, before the append and after it', async () => {
    const { asked, run } = watched()
    await run('run/remembered', 9)
    const before = { ...asked }
    const { state, receipts } = await run('run/remembered', 9, 3)
    expect(state).toEqual({ count: 4 })
    expect(receipts.map(({ seq }) => seq)).toEqual([2, 3, 4])
    expect(asked).toEqual({ pages: before.pages, appends: before.appends + 1 })
  })

  it('are what reading the stream gives', async () => {
    const { run } = watched()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }), async (steps) => {
        const stream = `run/${nextId()}`
        let last = { count: 0 }
        for (const some of steps) last = (await run(stream, 9, some)).state
        expect({ count: (await eventsOf(stream)).length }).toEqual(last)
      }),
      { numRuns: 10 },
    )
  })

  it('give way to what others have appended', async () => {
    const { run } = watched()
    await run('run/overtaken', 9)
    await journal.append([said('a rival', 'run/overtaken')])
    const { state, receipts } = await run('run/overtaken', 9)
    expect(state).toEqual({ count: 3 })
    expect(receipts).toMatchObject([{ seq: 3 }])
  })

  it('are not believed when they say that there is nothing to do, or refuse', async () => {
    const stream = 'run/toggled'
    const remembered = rememberStates<string>({ weightMax: 9, weigh: () => 1 })
    const turnRemembered = decideLoop({ read, append: appendAt(journal), remembered }, toggle)
    await turnRemembered({ caller, stream, command: 'on' })
    await journal.append([said('off', stream)])
    expect((await turnRemembered({ caller, stream, command: 'on' })).receipts).toMatchObject([{ seq: 3 }])
  })

  it('are of their tenant, and few', () => {
    const remembered = rememberStates<Count>({ weightMax: 3, weigh: ({ count: weight }) => weight })
    remembered.set('main', 'run/1', { state: { count: 1 }, seq: 1 })
    remembered.set('main', 'run/2', { state: { count: 1 }, seq: 1 })
    expect(remembered.get('other', 'run/1')).toBeUndefined()
    expect(remembered.get('main', 'run/1')).toEqual({ state: { count: 1 }, seq: 1 })
    // The least recently used one gives way, and what is too heavy is not kept at all.
    remembered.set('main', 'run/3', { state: { count: 2 }, seq: 1 })
    remembered.set('main', 'run/4', { state: { count: 4 }, seq: 1 })
    const found = [1, 2, 3, 4].map((id) => remembered.get('main', `run/${id}`) !== undefined)
    expect(found).toEqual([true, false, true, false])
    remembered.forgetAll()
    expect(remembered.get('main', 'run/1')).toBeUndefined()
  })
})
