import { blankErased, type JournalEvent } from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf } from '../src/messages/columns.ts'
import { evolveStates, type MessageState } from '../src/messages/message-states.ts'
import { changesOf, changesWithout } from '../src/messages/totals.ts'
import {
  about,
  claimed,
  completed,
  dead,
  duplicated,
  failed,
  PLACE,
  queued,
  received,
  sent,
} from './message-entries.ts'

const IDS = ['a', 'b', 'c']
const OTHER = { ...PLACE, account: 'sales' }

const entry = fc.tuple(fc.constantFrom(...IDS), fc.nat(10), fc.boolean()).map(([id, which, isOther]) => {
  const place = isOther ? OTHER : PLACE
  const all = [
    received(id, id, place),
    claimed(id, place),
    failed(id, 1_000, place),
    completed(id, which % 2, place),
    queued(id, 1, 'reply', place),
    sent(id, 1, place),
    dead(id, place),
    duplicated(id, place),
    about(id, 'INBOUND_REQUEUED', { reason: 'again' }, place),
    about(id, 'INBOUND_DISMISSED', { reason: 'enough' }, place),
    about(id, 'INBOUND_CONFLICTED', { payload: 'other', payloadHash: '' }, place),
  ]
  return all[which] ?? received(id, id, place)
})

/** As they come from the journal, as far as the fold looks. */
function eventsOf(entries: readonly ReturnType<typeof received>[]): JournalEvent[] {
  return entries.map((one, index) => ({
    ...one,
    data: one.data ?? {},
    id: String(index),
    v: 1,
    tenant: 'main',
    seq: index + 1,
    position: index + 1,
    actor: { kind: 'service', id: 'test' },
    occurredAt: '2026-11-21T09:00:00.000Z',
    recordedAt: new Date(Date.UTC(2026, 10, 21) + index).toISOString(),
    checksum: '',
    prev: '',
    hash: '',
  }))
}

/** Batch by batch, as a table would have it. */
function apply(batches: readonly (readonly JournalEvent[])[]) {
  const messages = new Map<string, MessageState>()
  const totals = new Map<string, number>()
  for (const batch of batches) {
    const changed = evolveStates(messages, batch)
    for (const [name, state] of changed.messages) messages.set(name, state)
    for (const { source, account, name, by } of changed.totals) {
      const id = `${source} ${account} ${name}`
      totals.set(id, (totals.get(id) ?? 0) + by)
    }
  }
  return { messages, totals: new Map([...totals].filter(([, total]) => total !== 0)) }
}

function counted(messages: ReadonlyMap<string, MessageState>): Map<string, number> {
  const changes = changesOf(new Map(), messages)
  return new Map(changes.map(({ source, account, name, by }) => [`${source} ${account} ${name}`, by]))
}

describe('the states of a batch', () => {
  it('are the same however the events are cut into batches', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), fc.nat(40), (entries, at) => {
        const events = eventsOf(entries)
        const whole = apply([events])
        expect(apply([events.slice(0, at), events.slice(at)])).toEqual(whole)
        expect(apply(events.map((event) => [event]))).toEqual(whole)
      }),
    )
  })

  it('have the totals that their messages come to, and none when those are gone', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const { messages, totals } = apply(eventsOf(entries).map((event) => [event]))
        expect(totals).toEqual(counted(messages))
        const gone = new Map(
          changesWithout(messages.values()).map(({ source, account, name, by }) => [
            `${source} ${account} ${name}`,
            -by,
          ]),
        )
        expect(gone).toEqual(totals)
      }),
    )
  })

  it('know what is stored without its payload, which stays where it is', () => {
    const { messages } = apply([eventsOf([received('a')])])
    const [name, state] = [...messages][0] ?? ['', undefined]
    if (state === undefined) throw new Error('no message')
    const { payload, ...stored } = state.message
    expect(payload).toEqual({ text: 'a' })
    const later = eventsOf([received('a'), claimed('a')]).slice(1)
    const changed = evolveStates(new Map([[name, { ...state, message: stored }]]), later)
    expect(changed.messages.get(name)).toMatchObject({ hasPayload: true, message: { state: 'claimed' } })
    expect(changed.totals.map(({ name: total, by }) => [total, by])).toEqual([
      ['claimed', 1],
      ['attempts', 1],
      ['pending', -1],
    ])
  })

  it('begin with the beginning of a message: of one that is gone, nothing else makes it again', () => {
    const { messages, lanes } = evolveStates(new Map(), eventsOf([duplicated('a'), dead('b')]))
    expect(messages.size).toBe(0)
    expect([...lanes.values()]).toMatchObject([{ seq: 2, lastEventId: '1' }])
  })
})

describe('the columns of a message', () => {
  const messageAfter = (...entries: ReturnType<typeof received>[]) => {
    const state = apply([eventsOf(entries)])
      .messages.values()
      .next().value
    if (state === undefined) throw new Error('no message')
    return state.message
  }

  it('say when something happens to it by itself', () => {
    expect(columnsOf(messageAfter(received('a')))).toMatchObject({
      dueAt: '2026-11-21T00:00:00.000Z',
      finishedAt: null,
    })
    const leased = messageAfter(received('a'), claimed('a'))
    expect(columnsOf(leased).dueAt).toBe(leased.lease?.until)
    expect(columnsOf(messageAfter(received('a'), dead('a')))).toMatchObject({ dueAt: null, finishedAt: null })
    expect(columnsOf(messageAfter(received('a'), claimed('a'), completed('a')))).toMatchObject({
      dueAt: null,
      finishedAt: '2026-11-21T00:00:00.002Z',
    })
  })

  it('name the first reply that waits, while the message is replying', () => {
    const replying = [
      received('a'),
      claimed('a'),
      completed('a', 2),
      queued('a', 1, 'x'),
      queued('a', 2, 'y'),
    ]
    expect(columnsOf(messageAfter(...replying))).toMatchObject({ replyNumber: 1, replyOrder: 4 })
    expect(columnsOf(messageAfter(...replying, sent('a', 1)))).toMatchObject({
      replyNumber: 2,
      replyOrder: 5,
    })
    expect(columnsOf(messageAfter(...replying, dead('a')))).toMatchObject({
      replyNumber: null,
      replyDueAt: null,
    })
  })

  it('stay what they are when the payload is erased', () => {
    const message = messageAfter(received('a'), claimed('a'))
    expect(columnsOf(blankErased(message, () => true))).toEqual(columnsOf(message))
  })
})
