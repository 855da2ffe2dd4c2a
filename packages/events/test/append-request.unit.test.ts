import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { APPEND_LIMITS, APPEND_REQUEST_LEVELS, type AppendLimits } from '../src/append-limits.ts'
import { parseAppendRequest } from '../src/append-request.ts'
import { checksumOf } from '../src/chain.ts'
import { createUlids } from '../src/id.ts'
import { canonicalJson } from '../src/json/canonical.ts'
import { parseJson } from '../src/json/parse.ts'
import { type Refusal, refusalOf } from './refusal.ts'

const nextId = createUlids()

function event(fields: Record<string, unknown> = {}) {
  return { id: nextId(), stream: 'run/r1', type: 'PROCESS_LOG', v: 1, data: { message: 'hello' }, ...fields }
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)]
}

function errorOf(value: unknown, limits: Partial<AppendLimits> = {}): Refusal {
  return refusalOf(() => parseAppendRequest(value, { limits }))
}

describe('parseAppendRequest', () => {
  it('gives the journal what it needs', () => {
    const first = event({ data: { message: 'é', logSeq: 1 }, key: 'log:1' })
    const second = event({
      stream: 'import/r1',
      type: 'RUN_IMPORTED',
      data: { runId: 'r1', tool: { name: 't' }, files: [], events: 0 },
    })
    const {
      events,
      expect: expectations,
      bytes,
    } = parseAppendRequest({
      events: [first, second],
      expect: { 'run/r1': 4, 'import/r1': 'absent', 'run/other': 'exists' },
    })
    const canonicalData = '{"logSeq":1,"message":"é"}'
    expect(events[0]).toEqual({
      ...first,
      kind: 'run',
      canonicalData,
      checksum: checksumOf(canonicalData),
      dataBytes: 27,
    })
    expect(events[1]?.kind).toBe('import')
    expect([...expectations]).toEqual([
      ['run/r1', 4],
      ['import/r1', 'absent'],
      ['run/other', 'exists'],
    ])
    expect(bytes).toBe(events.reduce((sum, { dataBytes }) => sum + dataBytes, 0))
  })

  it('takes every optional field of the envelope', () => {
    const full = event({
      key: 'slot:2026-11-21T09:00Z',
      actor: { kind: 'schedule', id: 'cron/nightly' },
      occurredAt: '2026-11-21T08:18:44.559Z',
      correlationId: 'c-1',
      causationId: nextId(),
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    })
    expect(parseAppendRequest({ events: [full] }).events[0]).toMatchObject(full)
  })

  it.each([
    ['no object', 5, 'must be object'],
    ['null', null, 'must be object'],
    ['a list', [], 'must be object'],
    ['no events', {}, 'lacks events'],
    ['an empty list of events', { events: [] }, '.events'],
    ['events that are no list', { events: {} }, '.events'],
    ['an unknown field', { events: [event()], expected: {} }, 'unknown fields: expected'],
    ['an expectation that is no list of streams', { events: [event()], expect: [] }, '.expect'],
    ['a negative expectation', { events: [event()], expect: { 'run/r1': -1 } }, '.expect.run/r1'],
    ['a broken expectation', { events: [event()], expect: { 'run/r1': 1.5 } }, '.expect.run/r1'],
    ['a wordy expectation', { events: [event()], expect: { 'run/r1': 'any' } }, '.expect.run/r1'],
    ['an expectation in text', { events: [event()], expect: { 'run/r1': '4' } }, '.expect.run/r1'],
  ])('refuses a request with %s', (_what, request, message) => {
    expect(errorOf(request)).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(message),
    })
  })

  it('refuses an expectation about what is no stream', () => {
    expect(errorOf({ events: [event()], expect: { r1: 4 } }).code).toBe('invalid-stream')
    expect(
      errorOf(parseJson(JSON.stringify({ events: [event()] }).replace(/}$/, ',"expect":{"__proto__":1}}')))
        .code,
    ).toBe('invalid-stream')
  })

  it('counts 32 levels from the data of each event', () => {
    expect(errorOf({ events: [event({ data: { data: nested(31) } })] })).toMatchObject({ code: 'accepted' })
    expect(errorOf({ events: [event({ data: { data: nested(32) } })] }).code).toBe('json-too-deep')
    const text = JSON.stringify({ events: [event({ data: { data: nested(31) } })] })
    const depthMax = APPEND_LIMITS.depthMax + APPEND_REQUEST_LEVELS
    expect(errorOf(parseJson(text, { depthMax }))).toMatchObject({ code: 'accepted' })
  })

  it('takes 1,000 events and refuses 1,001 before it looks at them', () => {
    const events = Array.from({ length: 1000 }, () => event())
    expect(parseAppendRequest({ events }).events).toHaveLength(1000)
    expect(errorOf({ events: [...events, 'anything'] })).toMatchObject({
      code: 'too-many-events',
      message: expect.stringContaining('1001'),
    })
  })

  it('measures the payload in bytes of its canonical text', () => {
    const message = 'é'.repeat((262_144 - '{"message":""}'.length) / 2)
    expect(parseAppendRequest({ events: [event({ data: { message } })] }).bytes).toBe(262_144)
    expect(errorOf({ events: [event({ data: { message: `${message}x` } })] }).code).toBe('payload-too-large')
    expect(errorOf({ events: [event()] }, { payloadBytesMax: 10 }).code).toBe('payload-too-large')
  })

  it('refuses one id or one key for two different events, and takes the same event twice', () => {
    const one = event({ key: 'k' })
    const other = event({ key: 'k', data: { message: 'another one' } })
    expect(errorOf({ events: [one, { ...other, id: one.id, key: 'l' }] }).code).toBe('id-reused')
    expect(errorOf({ events: [one, other] }).code).toBe('key-reused')
    expect(errorOf({ events: [one, one, { ...other, stream: 'run/r2' }] })).toMatchObject({
      code: 'accepted',
    })
  })

  it('names no value of the sender in a message, and no endless key', () => {
    const secret = 'hunter2'
    for (const bad of [
      event({ key: { secret } }),
      event({ data: { message: { secret } } }),
      event({ id: secret }),
      event({ type: secret }),
    ]) {
      expect(errorOf({ events: [bad] }).message).not.toContain(secret)
    }
    expect(errorOf({ events: [event({ data: { ['k'.repeat(100_000)]: 1 } })] }).message.length).toBeLessThan(
      1000,
    )
    expect(
      errorOf({ events: [event({ data: { data: { ['k'.repeat(100_000)]: 2 ** 60 } } })] }).message.length,
    ).toBeLessThan(1000)
  })

  it('writes messages that can be logged and stored, whatever the names of the fields', () => {
    for (const name of ['a\u0000b', 'a\nb', '\ud800', '😀'.repeat(100)]) {
      const bad = [{ events: [event()], [name]: 1 }, { events: [event({ data: { [name]: 1 } })] }]
      for (const request of [...bad, { events: [event()], expect: { [name]: 'x' } }]) {
        const { message } = errorOf(request)
        expect(message).toMatch(/^[^\p{Cc}]+$/u)
        expect(message.isWellFormed()).toBe(true)
      }
    }
  })

  it('throws nothing but errors of the catalogue, whatever comes in', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        for (const request of [
          anything,
          { events: anything },
          { events: [anything] },
          { events: [event()], expect: anything },
          { events: [event({ data: anything })] },
        ]) {
          const { code } = errorOf(request)
          expect(code).toMatch(/^[a-z-]+$/)
        }
      }),
    )
  })

  it('prepares any JSON as its canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (data) => {
        const error = errorOf({ events: [event({ data: { data } })] })
        if (error.code !== 'accepted') {
          expect(['unsafe-number', 'invalid-string']).toContain(error.code)
          return
        }
        const prepared = parseAppendRequest({ events: [event({ data: { data } })] }).events[0]
        expect(prepared?.canonicalData).toBe(canonicalJson({ data: JSON.parse(JSON.stringify(data)) }))
      }),
    )
  })
})
