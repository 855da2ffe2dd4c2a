import type { JsonValue } from '@daybook/errors'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstDifference } from '../src/difference.ts'

describe('the first difference of two JSON values', () => {
  it('is none between equal ones, whatever the order of their members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shuffled: JsonValue = JSON.parse(JSON.stringify(value), (_key, member) =>
          typeof member === 'object' && member !== null && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).toReversed())
            : member,
        )
        const plain: JsonValue = JSON.parse(JSON.stringify(value))
        expect(firstDifference(plain, shuffled)).toBeUndefined()
      }),
    )
  })

  it('is found wherever one value was put in the place of another', () => {
    const where = fc.array(fc.constantFrom('a', 'b/c', 'd~e'), { maxLength: 4 })
    fc.assert(
      fc.property(where, (path) => {
        const holding = (value: JsonValue) =>
          path.reduceRight<JsonValue>((inner, name) => ({ [name]: inner, other: [1, 2] }), value)
        const pointer = path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
        expect(firstDifference(holding(1), holding('1'))).toEqual({ path: pointer, expected: 1, stored: '1' })
      }),
    )
  })

  it('tells what is missing, what is too much, and a list from an object', () => {
    expect(firstDifference({ a: 1, b: 2 }, { a: 1 })).toEqual({ path: '/b', expected: 2, stored: null })
    expect(firstDifference([1], [1, 2])).toEqual({ path: '/1', expected: null, stored: 2 })
    expect(firstDifference([], {})).toEqual({ path: '', expected: [], stored: {} })
    expect(firstDifference({ a: null }, { a: 0 })).toEqual({ path: '/a', expected: null, stored: 0 })
  })
})
