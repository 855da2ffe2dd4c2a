import type { Delivery } from '@daybook/bus'
import type { JournalEvent } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { checkpointAfter, planBatch, type RelayedEvent, readMessage } from '../src/batch.ts'
import type { Checkpoint } from '../src/checkpoint.ts'

function eventAt(position: number, stream = 'run/r1'): JournalEvent {
  return {
    id: '01K9ZZZZZZZZZZZZZZZZZZZZZZ',
    tenant: 'main',
    stream,
    seq: 1,
    position,
    type: 'RUN_HALTED',
    v: 1,
    data: {},
    actor: { kind: 'service', id: 'test' },
    occurredAt: '2026-11-21T09:00:00.000Z',
    recordedAt: '2026-11-21T09:00:00.000Z',
    checksum: 'a'.repeat(64),
    prev: 'b'.repeat(64),
    hash: 'c'.repeat(64),
  }
}

function relayed(position: number, previous: number, stream = 'run/r1'): RelayedEvent {
  const [kind = ''] = stream.split('/')
  return { kind, position, previous, era: 1, read: () => eventAt(position, stream) }
}

const unread = () => {
  throw new Error('read without need')
}

function at(positions: Record<string, number>): Checkpoint {
  return { era: 1, positions: new Map(Object.entries(positions)) }
}

const settled = () => {}

function delivery(event: unknown, headers: Record<string, string>): Delivery {
  const text = () => JSON.stringify(event)
  return {
    subject: 'daybook.events.main.run.r1.RUN_HALTED',
    data: new Uint8Array(),
    headers,
    redeliveries: 0,
    text,
    ack: settled,
    nak: settled,
    term: settled,
  }
}

const headersOf = (position: number, previous: number) => ({
  'Daybook-Position': String(position),
  'Daybook-Prev': String(previous),
  'Daybook-Era': '1',
})

describe('planBatch', () => {
  it('applies messages that follow the checkpoint without a gap', () => {
    const plan = planBatch(at({ run: 4 }), [relayed(7, 4), relayed(8, 7)])
    expect(plan).toEqual({ step: 'apply', events: [eventAt(7), eventAt(8)] })
  })

  it('skips what the checkpoint has, and goes on behind it', () => {
    const old = [relayed(4, 0), relayed(7, 4)].map((message) => ({ ...message, read: unread }))
    const plan = planBatch(at({ run: 7 }), [...old, relayed(8, 7), { ...relayed(8, 7), read: unread }])
    expect(plan).toEqual({ step: 'apply', events: [eventAt(8)] })
  })

  it('follows each kind by itself', () => {
    const plan = planBatch(at({ run: 4, cron: 5 }), [relayed(6, 4), relayed(7, 5, 'cron/j'), relayed(8, 6)])
    expect(plan).toMatchObject({ step: 'apply', events: [{ position: 6 }, { position: 7 }, { position: 8 }] })
  })

  it('skips kinds that the projection does not follow', () => {
    expect(planBatch(at({ run: 4 }), [relayed(5, 0, 'cron/j')])).toEqual({ step: 'apply', events: [] })
  })

  it.each([
    ['the event before is missing', [relayed(8, 6)]],
    ['the order is wrong', [relayed(8, 7), relayed(7, 4)]],
    ['a message cannot be read', [relayed(7, 4), undefined]],
    ['a message is not what it says', [{ ...relayed(7, 4), read: () => undefined }]],
    ['a message is of another era', [{ ...relayed(7, 4), era: 2 }]],
    ['a message claims another predecessor', [relayed(7, 3)]],
  ])('reads the journal when %s', (_why, messages) => {
    expect(planBatch(at({ run: 4 }), messages)).toEqual({ step: 'read' })
  })
})

describe('readMessage', () => {
  it('reads what the relay sends', () => {
    const message = readMessage(delivery(eventAt(7), headersOf(7, 4)))
    expect(message).toMatchObject({ kind: 'run', position: 7, previous: 4, era: 1 })
    expect(message?.read()).toEqual(eventAt(7))
  })

  it.each([
    ['headers are missing', delivery(eventAt(7), {})],
    ['the predecessor comes after the event', delivery(eventAt(7), headersOf(7, 9))],
    ['its position is no number', delivery(eventAt(7), { ...headersOf(7, 4), 'Daybook-Position': 'x' })],
  ])('gives up a message when %s', (_why, message) => {
    expect(readMessage(message)).toBeUndefined()
  })

  it.each([
    ['header and event differ', delivery(eventAt(7), headersOf(8, 4))],
    ['it is of another kind than its subject', delivery(eventAt(7, 'cron/j'), headersOf(7, 4))],
    ['the body is no event', delivery({ hello: 1 }, headersOf(7, 4))],
    ['the body is no JSON', { ...delivery({}, headersOf(7, 4)), text: () => '{' }],
  ])('has no event when %s', (_why, message) => {
    expect(readMessage(message)?.read()).toBeUndefined()
  })
})

describe('checkpointAfter', () => {
  it('moves the kinds that had events and leaves the others', () => {
    const before = at({ run: 4, cron: 5 })
    expect(checkpointAfter(before, [eventAt(7), eventAt(9)])).toEqual(at({ run: 9, cron: 5 }))
    expect(before).toEqual(at({ run: 4, cron: 5 }))
  })
})
