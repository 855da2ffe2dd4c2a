import { describe, expect, it } from 'vitest'
import { parseAppendRequest } from '../src/append-request.ts'
import { createUlids } from '../src/id.ts'
import { eventTypes } from '../src/registry.ts'
import { readDataSchema } from '../src/schema/read-schema.ts'
import {
  anyUserTypes,
  isUserTypeName,
  requireUserNames,
  type UserTypes,
  userTypeOf,
} from '../src/schema/user-type.ts'
import { refusalOf } from './refusal.ts'

const nextId = createUlids()
const schema = () =>
  readDataSchema({ type: 'object', properties: { total: { type: 'integer' } }, additionalProperties: false })
const orderPlaced = userTypeOf({ kind: 'order', type: 'OrderPlaced', v: 1 }, schema)
const userTypes: UserTypes = {
  find: (type, v) => (type === 'OrderPlaced' && v === 1 ? orderPlaced : undefined),
  versionsOf: (type) => (type === 'OrderPlaced' ? [1] : []),
}
const placed = (more: object = {}) => ({
  id: nextId(),
  stream: 'order/1',
  type: 'OrderPlaced',
  v: 1,
  data: { total: 7 },
  ...more,
})
const parse = (more: object, types: UserTypes) =>
  parseAppendRequest({ events: [placed(more)] }, { userTypes: types })

describe("a user's event type", () => {
  it('is taken with the data that its schema asks for', () => {
    expect(parse({}, userTypes).events[0]).toMatchObject({ kind: 'order', canonicalData: '{"total":7}' })
  })

  it.each([
    [
      'other data',
      { data: { total: 'seven' } },
      'invalid-event-data',
      'events[0].data.total must be integer',
    ],
    ['an unknown field', { data: { sum: 7 } }, 'invalid-event-data', 'has unknown fields: sum'],
    ['another kind of stream', { stream: 'invoice/1' }, 'wrong-stream-kind', 'has to be order/…'],
    ['another version', { v: 2 }, 'unknown-event-version', 'is not one of the known versions: 1'],
    ['another name', { type: 'OrderLost' }, 'unknown-event-type', 'add its schema first'],
    [
      "a name of Daybook's form",
      { type: 'ORDER_PLACED' },
      'unknown-event-type',
      'is not an event type of Daybook',
    ],
  ])('is refused with %s', (_what, more, code, message) => {
    expect(refusalOf(() => parse(more, userTypes))).toEqual({
      code,
      message: expect.stringContaining(message),
    })
  })

  it('is unknown where nobody has added it, and left to the journal by who hands events on', () => {
    expect(refusalOf(() => parseAppendRequest({ events: [placed()] })).code).toBe('unknown-event-type')
    expect(parse({ data: { anything: 1 }, stream: 'any/1' }, anyUserTypes).events).toHaveLength(1)
    expect(refusalOf(() => parse({ type: 'ORDER_PLACED' }, anyUserTypes)).code).toBe('unknown-event-type')
  })

  it('can never have a name of Daybook, and none of Daybook can be one of a user', () => {
    expect(eventTypes.filter(({ type }) => isUserTypeName(type))).toEqual([])
    expect(eventTypes.every(({ type }) => /^[A-Z][A-Z0-9_]{0,63}$/.test(type))).toBe(true)
  })

  it.each(['', 'ORDER', 'A.b', 'a b', 'a*', '1a', '_a', `a${'b'.repeat(64)}`, 'ä', 'a\n'])(
    'may not be called %j',
    (type) => {
      expect(refusalOf(() => requireUserNames({ type, kind: 'order' })).code).toBe('invalid-schema')
    },
  )

  it('belongs in a kind of its own or in runs, not in the streams of a part of Daybook', () => {
    expect(refusalOf(() => requireUserNames({ type: 'OrderPlaced', kind: 'run' })).code).toBe('accepted')
    for (const kind of ['import', 'erasure', 'hold', 'session'])
      expect(refusalOf(() => requireUserNames({ type: 'OrderPlaced', kind })).code).toBe('wrong-stream-kind')
  })
})
