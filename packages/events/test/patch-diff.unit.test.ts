import fc from 'fast-check'
import jsonPatch from 'fast-json-patch'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../src/index.ts'
import { diffJson, parseJson } from '../src/index.ts'
import { applyPatch } from './apply-patch.ts'

/** Names that mean something to JavaScript or to a JSON Pointer. */
const names = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'a/b', '~', '~1', '', '0', '-', 'a'),
  fc.string({ unit: 'grapheme' }),
)
const values = valuesWith(names)

function valuesWith(memberNames: fc.Arbitrary<string>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<JsonValue>(null, true, false, 0, 1, 'a', ''),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.array(tie('value'), { maxLength: 6 }),
      fc
        .array(fc.tuple(memberNames, tie('value')), { maxLength: 5 })
        .map((members) => Object.fromEntries(members)),
    ),
  })).value
}

describe('the difference of two JSON values', () => {
  it('is a patch that makes the second of the first, whatever the members are called', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        expect(applyPatch(before, diffJson(before, after))).toStrictEqual(after)
      }),
    )
  })

  it('is none between equal values', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(diffJson(value, structuredClone(value))).toEqual([])
      }),
    )
  })

  it('is applied alike by an implementation of RFC 6902 that is not ours', () => {
    // It cannot write a member of this name.
    const ordinary = valuesWith(names.filter((name) => name !== '__proto__'))
    fc.assert(
      fc.property(ordinary, ordinary, (before, after) => {
        const patch = diffJson(before, after)
        const made = jsonPatch.applyPatch(structuredClone(before), patch, false, true, false).newDocument
        expect(made).toStrictEqual(after)
      }),
    )
  })

  it('names a changed member by its pointer, with ~ and / escaped', () => {
    expect(diffJson({ 'a/b': { '~': 1 } }, { 'a/b': { '~': 2 } })).toEqual([
      { op: 'replace', path: '/a~1b/~0', value: 2 },
    ])
  })

  it('finds members called __proto__', () => {
    const [before, after] = [parseJson('{"x":{"__proto__":1}}'), parseJson('{"x":{"__proto__":2,"y":3}}')]
    expect(diffJson(before, after)).toEqual([
      { op: 'replace', path: '/x/__proto__', value: 2 },
      { op: 'add', path: '/x/y', value: 3 },
    ])
  })

  it('adds to a list what was put into its middle, and nothing else', () => {
    expect(diffJson([1, 2, 5, 6], [1, 2, 3, 4, 5, 6])).toEqual([
      { op: 'add', path: '/2', value: 3 },
      { op: 'add', path: '/3', value: 4 },
    ])
  })

  it('takes a time that grows with long lists, not with their square', () => {
    const list = (step: number) => Array.from({ length: 100_000 }, (_, nth) => nth * step)
    expect(diffJson(list(1), list(2))).toHaveLength(99_999)
  }, 5_000)

  it('takes a time that does not explode with the nesting', () => {
    const nested = (leaf: number) =>
      Array.from({ length: 30 }).reduce<JsonValue>((inner) => [[inner, 1], inner === leaf], leaf)
    expect(diffJson(nested(1), nested(2)).length).toBeGreaterThan(0)
  }, 5_000)
})
