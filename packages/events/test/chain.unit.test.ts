import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksumOf, FIRST_PREV, hashOf, verifyChain } from '../src/chain.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { eventOf, journalOf } from './journal.ts'

const optional = {
  key: 'k',
  correlationId: 'c',
  causationId: 'd',
  traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
}

const event = eventOf('run/r1', { type: 'PROCESS_LOG', data: { message: 'one' }, ...optional })

function chain(length: number): JournalEvent[] {
  return journalOf(
    'run/r1',
    Array.from({ length }, (_, index) => ({
      type: 'PROCESS_LOG',
      data: { message: `line ${index}`, logSeq: index },
      ...(index % 2 === 0 ? optional : {}),
    })),
  )
}

function swapped(events: readonly JournalEvent[], one: number, other: number): JournalEvent[] {
  return events.flatMap((event, index) => {
    if (index !== one && index !== other) return [event]
    const from = index === one ? other : one
    return events.slice(from, from + 1)
  })
}

/** Every way to change one header field or the payload of one event. */
const changes: Record<string, (event: JournalEvent) => Partial<JournalEvent>> = {
  id: () => ({ id: '01M7YJZD5YW502KKT9P5VKADPA' }),
  tenant: () => ({ tenant: 'other' }),
  stream: () => ({ stream: 'run/r2' }),
  seq: ({ seq }) => ({ seq: seq + 1 }),
  type: () => ({ type: 'RUN_COMPLETED' }),
  v: () => ({ v: 2 }),
  key: () => ({ key: 'another' }),
  'actor.id': ({ actor }) => ({ actor: { ...actor, id: 'bot-2' } }),
  'actor.kind': ({ actor }) => ({ actor: { ...actor, kind: 'user' } }),
  occurredAt: () => ({ occurredAt: '2020-01-01T00:00:00.000Z' }),
  recordedAt: () => ({ recordedAt: '2020-01-01T00:00:00.000Z' }),
  correlationId: () => ({ correlationId: 'another' }),
  causationId: () => ({ causationId: 'another' }),
  traceparent: () => ({ traceparent: `00-${'3'.repeat(32)}-${'2'.repeat(16)}-01` }),
  checksum: () => ({ checksum: checksumOf('{}') }),
  prev: () => ({ prev: checksumOf('1') }),
  hash: () => ({ hash: checksumOf('2') }),
  data: () => ({ data: { message: 'forged' } }),
  'data with what has no canonical form': () => ({ data: { message: '\ud800' } }),
  'data and its checksum': () => ({
    data: { message: 'forged' },
    checksum: checksumOf('{"message":"forged"}'),
  }),
}

describe('checksumOf', () => {
  it('is SHA-256 in lower-case hex', () => {
    expect(checksumOf('{}')).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })

  it('hashes text as UTF-8', () => {
    expect(checksumOf('"é"')).toBe(createHash('sha256').update(Buffer.from('"é"', 'utf8')).digest('hex'))
  })
})

describe('hashOf', () => {
  it('is SHA-256 over the domain, a zero byte and the canonical header without data, position and hash', () => {
    const { data: _data, position: _position, hash, ...header } = event
    const expected = createHash('sha256')
      .update('daybook/1')
      .update(Uint8Array.of(0))
      .update(canonicalize(header) ?? '')
    expect(hash).toBe(expected.digest('hex'))
  })

  it('leaves absent fields out', () => {
    const bare = eventOf('run/r1', { type: 'PROCESS_LOG', data: { message: 'one' } })
    const { data: _data, position: _position, hash, ...header } = bare
    const expected = createHash('sha256')
      .update('daybook/1\u0000')
      .update(canonicalize(header) ?? '')
    expect(hash).toBe(expected.digest('hex'))
  })

  it('does not change when an event has fields of a later version', () => {
    expect(hashOf(Object.assign({ shard: 7 }, event))).toBe(event.hash)
  })

  it('stays what it is: the rule of daybook/1 never changes', () => {
    const fixed = journalOf('run/r1', [
      { type: 'PROCESS_LOG', id: '01M7YJZD5YW502KKT9P5VKADPA', data: { b: 1, a: 'é' }, key: 'k' },
    ])
    expect(fixed[0]?.hash).toBe('ef032416a89f478b88f2b19f5a3e68c6fff5dd72e979872e247c69c155029639')
  })
})

describe('verifyChain', () => {
  it('finds nothing wrong with a sound chain, whole or in part', () => {
    const events = chain(6)
    expect(verifyChain([])).toBeUndefined()
    expect(verifyChain(events)).toBeUndefined()
    expect(verifyChain(events.slice(3), events[2])).toBeUndefined()
  })

  it('does not take a part for the beginning', () => {
    expect(verifyChain(chain(6).slice(3))).toMatchObject({ seq: 4, code: 'seq' })
  })

  it('does not take one chain for the continuation of another', () => {
    expect(verifyChain(chain(6).slice(3), { seq: 3, hash: FIRST_PREV })).toMatchObject({
      seq: 4,
      code: 'prev',
    })
  })

  it.each(Object.entries(changes))('finds a change of %s in any event', (_field, change) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (length, pick) => {
        const events = chain(length)
        const at = pick % length
        const changed = events.map((event, index) => (index === at ? { ...event, ...change(event) } : event))
        expect(verifyChain(changed)).toBeDefined()
      }),
      { numRuns: 20 },
    )
  })

  it.each(['key', 'correlationId', 'causationId', 'traceparent'] as const)(
    'finds that %s was taken away',
    (field) => {
      const { [field]: _gone, ...changed } = event
      expect(verifyChain([changed])).toMatchObject({ seq: 1, code: 'hash' })
    },
  )

  it('finds an event that was taken out of the middle, put in twice, or moved', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(), fc.nat(), (length, pick, pickOther) => {
        const events = chain(length)
        const at = pick % (length - 1)
        expect(verifyChain(events.toSpliced(at, 1))).toBeDefined()
        expect(verifyChain(events.toSpliced(at, 0, ...events.slice(at, at + 1)))).toBeDefined()
        const to = (at + 1 + (pickOther % (length - 1))) % length
        expect(verifyChain(swapped(events, at, to))).toBeDefined()
      }),
    )
  })

  it('says where and what', () => {
    const events = chain(3)
    const at = (change: Partial<JournalEvent>) =>
      verifyChain(events.map((event, index) => (index === 1 ? { ...event, ...change } : event)))
    expect(at({ data: {} })).toEqual({ seq: 2, code: 'checksum', detail: 'data does not have this checksum' })
    expect(at({ tenant: 'x' })).toEqual({
      seq: 2,
      code: 'hash',
      detail: 'the header does not have this hash',
    })
    expect(at({ prev: FIRST_PREV })).toEqual({
      seq: 2,
      code: 'prev',
      detail: 'prev is not the hash of the event before',
    })
    expect(at({ seq: 9 })).toEqual({ seq: 9, code: 'seq', detail: 'seq 9 follows seq 1' })
  })

  it('does not look at the position, which a copy of the journal may give anew', () => {
    expect(
      verifyChain(chain(3).map((event) => ({ ...event, position: event.position + 1000 }))),
    ).toBeUndefined()
  })
})
