import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { defineEvent } from '../src/event-type.ts'
import { EventTypes } from '../src/event-types.ts'
import { verifyChain } from '../src/index.ts'
import { eventTypes, ownTypes } from '../src/registry.ts'
import { createUpcast, upcastEvent, upcastersOf } from '../src/upcast.ts'
import { eventOf } from './journal.ts'

/** A type with a history: a name that became two, and then an object. */
const versions = [
  defineEvent({
    kind: 'test',
    type: 'PERSON_NAMED',
    v: 1,
    schema: Type.Object({ name: Type.String() }, { additionalProperties: false }),
    upcast: ({ name }) => {
      const [first = '', ...rest] = (typeof name === 'string' ? name : '').split(' ')
      return { first, last: rest.join(' ') }
    },
  }),
  defineEvent({
    kind: 'test',
    type: 'PERSON_NAMED',
    v: 2,
    schema: Type.Object({ first: Type.String(), last: Type.String() }, { additionalProperties: false }),
    upcast: ({ first, last }) => ({ name: { first: first ?? '', last: last ?? '' } }),
  }),
  defineEvent({
    kind: 'test',
    type: 'PERSON_NAMED',
    v: 3,
    schema: Type.Object({ name: Type.Object({ first: Type.String(), last: Type.String() }) }),
  }),
]
const upcast = createUpcast(upcastersOf(versions))
const golden = [
  { name: 'Ada King Lovelace' },
  { first: 'Ada', last: 'King Lovelace' },
  { name: { first: 'Ada', last: 'King Lovelace' } },
]
const recorded = (v: number) => eventOf('test/1', { type: 'PERSON_NAMED', v, data: golden[v - 1] ?? {} })

describe('an upcast', () => {
  it.each([1, 2, 3])('reads version %i as the newest', (v) => {
    expect(upcast(recorded(v))).toMatchObject({ v: 3, data: golden[2] })
  })

  it('fits the schema of each next version on the way', () => {
    const types = new EventTypes(versions)
    for (const v of [1, 2]) {
      const step = types.find('PERSON_NAMED', v)?.eventType.upcast
      const next = step?.(golden[v - 1] ?? {})
      expect(next).toEqual(golden[v])
      expect(types.find('PERSON_NAMED', v + 1)?.validator.check(next)).toBe(true)
    }
  })

  it('changes nothing of what was recorded, says what that was, and leaves it verifiable', () => {
    const event = recorded(1)
    const before = structuredClone(event)
    const { data: _data, v: _v, ...header } = before
    expect(upcast(event)).toMatchObject({ ...header, recordedV: 1 })
    expect(event).toEqual(before)
    expect(verifyChain([event])).toBeUndefined()
  })

  it('gives back the same object where there is nothing to do', () => {
    const [newest, foreign] = [recorded(3), eventOf('run/1', { type: 'RUN_CANCELLED', data: {} })]
    const fromTheFuture = { ...newest, v: 4 }
    const erased = { ...recorded(1), data: {}, erased: { erasureId: 'e' } }
    for (const event of [newest, foreign, fromTheFuture, erased]) expect(upcast(event)).toBe(event)
  })
})

describe('the event types of Daybook', () => {
  it('can all be read as their newest version', () => {
    for (const { type, v } of eventTypes) {
      const newest = ownTypes.versionsOf(type).at(-1)
      expect(upcastEvent(eventOf('run/1', { type, v, data: {} })).v).toBe(newest)
    }
  })

  it('are refused at the start when a version is missing, is there twice, or cannot be read as the next', () => {
    const [first, second, third] = versions
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three')
    const { upcast: _upcast, ...dead } = first
    expect(() => new EventTypes([first, third])).toThrow('version 3 comes after 1 versions')
    expect(() => new EventTypes([first, first])).toThrow('version 1 comes after 1 versions')
    expect(() => new EventTypes([dead, second])).toThrow('version 1 has no upcast to version 2')
  })
})
