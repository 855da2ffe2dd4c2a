import { describe, expect, it } from 'vitest'
import { parseAppendRequest } from '../src/append-request.ts'
import { createUlids } from '../src/id.ts'
import { refusalOf } from './refusal.ts'

const nextId = createUlids()

function event(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: nextId(), stream: 'run/r1', type: 'PROCESS_LOG', v: 1, data: { message: 'hello' }, ...fields }
}

function without(field: string): Record<string, unknown> {
  const { [field]: _gone, ...others } = event()
  return others
}

describe('parseAppendRequest', () => {
  it.each([
    ['is no object', () => 'text', 'invalid-request', 'events[1] '],
    [
      'has an unknown field',
      () => event({ tenant: 'other' }),
      'invalid-request',
      'events[1] has unknown fields: tenant',
    ],
    ['says its seq', () => event({ seq: 1 }), 'invalid-request', 'events[1] has unknown fields: seq'],
    ['has no id', () => without('id'), 'invalid-request', 'events[1] lacks id'],
    ['has no data', () => without('data'), 'invalid-request', 'events[1] lacks data'],
    ['has no type', () => without('type'), 'invalid-request', 'events[1] lacks type'],
    ['has no version', () => without('v'), 'invalid-request', 'events[1] lacks v'],
    ['has an id in lower case', () => event({ id: nextId().toLowerCase() }), 'invalid-id', 'events[1].id'],
    [
      'has a UUID for an id',
      () => event({ id: '4bf92f35-77b3-4da6-a3ce-929d0e0e4736' }),
      'invalid-id',
      'events[1].id',
    ],
    ['has a number for an id', () => event({ id: 7 }), 'invalid-id', 'events[1].id'],
    ['has a stream without a kind', () => event({ stream: 'r1' }), 'invalid-stream', 'events[1].stream'],
    ['has a stream with a wildcard', () => event({ stream: 'run/*' }), 'invalid-stream', 'events[1].stream'],
    ['has an unknown type', () => event({ type: 'RUN_EXPLODED' }), 'unknown-event-type', 'events[1].type'],
    [
      'has the type of a method',
      () => event({ type: 'constructor' }),
      'unknown-event-type',
      'events[1].type',
    ],
    ['has an unknown version', () => event({ v: 2 }), 'unknown-event-version', 'events[1].v'],
    ['has its version in text', () => event({ v: '1' }), 'invalid-request', 'events[1].v'],
    [
      'is in a stream of another kind',
      () => event({ stream: 'canvas/c1' }),
      'wrong-stream-kind',
      'events[1].stream has to be run/…',
    ],
    ['has a list for data', () => event({ data: [] }), 'invalid-event-data', 'events[1].data'],
    [
      'has data with an unknown field',
      () => event({ data: { msg: '' } }),
      'invalid-event-data',
      'events[1].data has unknown fields: msg',
    ],
    [
      'has data with a wrong type',
      () => event({ data: { message: 1 } }),
      'invalid-event-data',
      'events[1].data.message',
    ],
    [
      'has data without what it needs',
      () => event({ type: 'RUN_FAILED', data: { error: {} } }),
      'invalid-event-data',
      'events[1].data.error lacks message',
    ],
    [
      'has an instant without milliseconds',
      () => event({ occurredAt: '2026-11-21T08:18:44Z' }),
      'invalid-request',
      'events[1].occurredAt',
    ],
    [
      'has an instant off the calendar',
      () => event({ occurredAt: '2026-02-30T00:00:00.000Z' }),
      'invalid-request',
      'events[1].occurredAt is not on the calendar',
    ],
    [
      'has an actor of no kind',
      () => event({ actor: { kind: 'robot', id: 'x' } }),
      'invalid-request',
      'events[1].actor.kind',
    ],
    [
      'has an actor without an id',
      () => event({ actor: { kind: 'agent' } }),
      'invalid-request',
      'events[1].actor lacks id',
    ],
    [
      'has an actor that says more',
      () => event({ actor: { kind: 'agent', id: 'x', admin: true } }),
      'invalid-request',
      'events[1].actor has unknown fields: admin',
    ],
    ['has an empty key', () => event({ key: '' }), 'invalid-request', 'events[1].key'],
    ['has a key that is too long', () => event({ key: 'k'.repeat(201) }), 'invalid-request', 'events[1].key'],
    ['has a line break in its key', () => event({ key: 'a\nb' }), 'invalid-request', 'events[1].key'],
    ['has a null for an optional field', () => event({ key: null }), 'invalid-request', 'events[1].key'],
    [
      'has a broken traceparent',
      () => event({ traceparent: '00-1-2-01' }),
      'invalid-request',
      'events[1].traceparent',
    ],
    [
      'has a zero in a text',
      () => event({ data: { message: 'a\u0000' } }),
      'invalid-string',
      'events[1].data.message',
    ],
    [
      'has a lone surrogate in a text',
      () => event({ data: { data: ['\ud800'] } }),
      'invalid-string',
      'events[1].data.data[0]',
    ],
    [
      'has a lone surrogate in its envelope',
      () => event({ correlationId: '\udc00' }),
      'invalid-string',
      'events[1].correlationId',
    ],
    [
      'has a number that is too large',
      () => event({ data: { data: { n: 2 ** 60 } } }),
      'unsafe-number',
      'events[1].data.data.n',
    ],
    [
      'has a value that is not JSON',
      () => event({ data: { data: undefined } }),
      'invalid-json',
      'events[1].data.data is undefined',
    ],
  ])('refuses an event that %s', (_what, make, code, message) => {
    expect(refusalOf(() => parseAppendRequest({ events: [event(), make()] }))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })
})
