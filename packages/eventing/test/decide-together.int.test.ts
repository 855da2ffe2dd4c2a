import { DaybookError } from '@daybook/errors'
import type { Draft, JournalEvent } from '@daybook/events'
import { assertedCallers } from '@daybook/runtime'
import { afterAll, describe, expect, it } from 'vitest'
import { createJournalDatabase, openJournalService } from '../../../services/journal/test/service-fixture.ts'
import {
  type Appender,
  type Decided,
  type DecidedEvent,
  type DecidedTogether,
  type Decider,
  decideTogether,
  journalAppender,
  noArchive,
  type StateAt,
  streamReader,
} from '../src/index.ts'

const CALLER_KEY = 'a key for tests that is as long as it has to be'

/** How often it was said; what cannot be said is refused by whoever has to. */
interface Said {
  readonly count: number
}
type Command = { readonly events: readonly Decided[] } | { readonly refuse: true }

const sayer: Decider<Said, Command> = {
  initial: { count: 0 },
  evolve: ({ count }) => ({ count: count + 1 }),
  decide: (_state, command) => {
    if ('refuse' in command) throw new DaybookError('invalid-transition', 'Never.')
    return command.events
  },
}

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
const database = stack.use(await createJournalDatabase())
const callers = assertedCallers(CALLER_KEY)
const journal = stack.use(await openJournalService(database.connect(), undefined, { callers }))
const read = streamReader(database.connect(), noArchive)
const appendAs = (service: string) =>
  journalAppender({ url: journal.service.http.url, callerKey: CALLER_KEY, service, timeoutMs: 2_000 })
const append = appendAs('cron')

const caller = { tenant: 'main', actor: { kind: 'service' as const, id: 'cron' } }
const START: StateAt<Said> = { state: { count: 0 }, seq: 0, hash: '0'.repeat(64) }
const step = (message: string): DecidedEvent => ({ type: 'PROCESS_LOG', data: { message } })

/** A command for each stream, by the schedule of that name. */
function asked(streams: Readonly<Record<string, Command>>, found: StateAt<Said> = START) {
  return Object.entries(streams).map(([name, command]) => ({
    stream: `run/${name}`,
    actor: { kind: 'schedule' as const, id: name },
    command,
    found,
  }))
}

const say = (...messages: string[]): Command => ({ events: messages.map(step) })

/** Counts requests; what becomes of them is the journal's. */
function counted(inner: Appender = append): { append: Appender; requests: () => number } {
  let requests = 0
  return {
    append: (request, author) => {
      requests += 1
      return inner(request, author)
    },
    requests: () => requests,
  }
}

async function eventsOf(name: string): Promise<JournalEvent[]> {
  const page = await read({
    tenant: 'main',
    stream: `run/${name}`,
    after: 0,
    limit: 100,
    bytesMax: 1_000_000,
  })
  return page.events
}

const codeOf = (outcome: DecidedTogether<Said> | undefined): unknown =>
  outcome !== undefined && 'error' in outcome
    ? outcome.error instanceof DaybookError && outcome.error.code
    : 'done'

describe('commands on many streams', () => {
  it('share a request, and each event is of its own actor', async () => {
    const watched = counted()
    const outcomes = await decideTogether(watched.append, () => sayer, {
      caller,
      requests: asked({ one: say('a', 'b'), two: say('c'), idle: { events: [] } }),
    })
    expect(watched.requests()).toBe(1)
    expect(outcomes).toMatchObject([
      { receipts: [{ seq: 1 }, { seq: 2 }], after: { state: { count: 2 }, seq: 2 } },
      { receipts: [{ seq: 1 }], after: { state: { count: 1 }, seq: 1 } },
      { receipts: [], after: START },
    ])
    const events = await eventsOf('one')
    const actor = { kind: 'schedule', id: 'one' }
    expect(events).toMatchObject([{ actor }, { actor }])
    const [first] = outcomes
    expect(first !== undefined && 'after' in first && first.after?.hash).toBe(events.at(-1)?.hash)
  })

  it('are not decided again where that was done ahead, and say what is known only now', async () => {
    const amend = (draft: Draft) => ({ ...draft, data: { ...draft.data, label: 'now' } })
    const [request] = asked({ ahead: { refuse: true } })
    const requests = request === undefined ? [] : [{ ...request, ahead: { decided: [step('x')], amend } }]
    const outcomes = await decideTogether(append, () => sayer, { caller, requests })
    expect(outcomes).toMatchObject([{ receipts: [{ seq: 1 }], after: { state: { count: 1 } } }])
    expect(await eventsOf('ahead')).toMatchObject([{ data: { message: 'x', label: 'now' } }])
  })

  it('go on from the states that they lead to, without a look at the streams', async () => {
    const run = (found: StateAt<Said>) =>
      decideTogether(append, () => sayer, { caller, requests: asked({ onward: say('x') }, found) })
    const [first] = await run(START)
    if (first === undefined || 'error' in first || first.after === undefined) throw new Error('not appended')
    const [second] = await run(first.after)
    expect(second).toMatchObject({ receipts: [{ seq: 2 }] })
  })

  it('are held up by none of them: who conflicts is left, and who is refused', async () => {
    await decideTogether(append, () => sayer, { caller, requests: asked({ moved: say('before') }) })
    const unknown: Decided = { append: { stream: 'notes/1', type: 'never-added', v: 1, data: {} } }
    const foreign: Decided = { ...step('whose'), actor: { kind: 'user', id: 'ada' } }
    const reserved = { ...step('decided'), key: 'decision:e-1' }
    const watched = counted()
    const outcomes = await decideTogether(watched.append, () => sayer, {
      caller,
      requests: asked({
        first: say('a'),
        moved: say('too late'),
        unknown: { events: [step('never'), unknown] },
        middle: say('b', 'c'),
        refusing: { refuse: true },
        foreign: { events: [foreign] },
        reserved: { events: [reserved] },
        last: say('d'),
      }),
    })
    expect(outcomes.map(codeOf)).toEqual([
      'done',
      'seq-conflict',
      'unknown-event-type',
      'done',
      'invalid-transition',
      'forbidden',
      'reserved-event-type',
      'done',
    ])
    expect(watched.requests()).toBe(5)
    expect(await eventsOf('unknown')).toEqual([])
    expect((await eventsOf('moved')).map(({ data }) => data['message'])).toEqual(['before'])
    for (const [name, count] of [
      ['first', 1],
      ['middle', 2],
      ['last', 1],
    ] as const)
      expect(await eventsOf(name)).toHaveLength(count)
  })

  it('whose key is taken by another event conflict too', async () => {
    const keyed = (message: string): Command => ({ events: [{ ...step(message), key: 'slot:1' }] })
    await decideTogether(append, () => sayer, { caller, requests: asked({ keyed: keyed('mine') }) })
    const requests = asked({ keyed: keyed('another one'), beside: say('a') })
    const outcomes = await decideTogether(append, () => sayer, { caller, requests })
    expect(outcomes.map(codeOf)).toEqual(['key-reused', 'done'])
  })

  it('expect of other streams what was decided', async () => {
    const to = (stream: string): Command => ({
      events: [step('here'), { ...step('there'), stream, expect: 'absent' }],
    })
    const requests = asked({ 'from-1': to('run/there-1'), 'from-2': to('run/first') })
    const outcomes = await decideTogether(append, () => sayer, { caller, requests })
    expect(outcomes.map(codeOf)).toEqual(['done', 'seq-conflict'])
    expect(await eventsOf('from-2')).toEqual([])
  })

  it('take several requests where one would be too large', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, job) => [`many-${job}`, say(...Array<string>(24).fill('a'))]),
    )
    const large = Object.fromEntries([1, 2].map((job) => [`large-${job}`, say('x'.repeat(150_000))]))
    const watched = counted()
    const requests = asked({ ...many, ...large })
    const outcomes = await decideTogether(watched.append, () => sayer, { caller, requests })
    expect(outcomes.map(codeOf)).toEqual(Array(32).fill('done'))
    expect(watched.requests()).toBe(3)
  })

  it('all hear that the journal is away, and that it is not known what became of them', async () => {
    for (const code of ['unavailable', 'timeout'] as const) {
      const away: Appender = () => Promise.reject(new DaybookError(code, 'Away.'))
      const watched = counted(away)
      const requests = asked({ 'away-1': say('a'), 'away-2': say('b') })
      const outcomes = await decideTogether(watched.append, () => sayer, { caller, requests })
      expect(outcomes.map(codeOf)).toEqual([code, code])
      expect(watched.requests()).toBe(1)
    }
  })

  it('give up on going together where many stand in the way', async () => {
    const moved = Object.fromEntries(Array.from({ length: 12 }, (_, job) => [`crowd-${job}`, say('a')]))
    await decideTogether(append, () => sayer, { caller, requests: asked(moved) })
    const watched = counted()
    const requests = asked({ ...moved, 'crowd-new': say('b') })
    const outcomes = await decideTogether(watched.append, () => sayer, { caller, requests })
    expect(watched.requests()).toBe(8)
    expect(outcomes.map(codeOf)).toEqual(Array(13).fill('seq-conflict'))
  })
})

describe('the journal', () => {
  it('lets only the service of schedules name schedules, and nobody else', async () => {
    const requests = asked({ named: say('a') })
    const [outcome] = await decideTogether(appendAs('inbound'), () => sayer, { caller, requests })
    expect(codeOf(outcome)).toBe('forbidden')
  })
})
