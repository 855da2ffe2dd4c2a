import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../src/index.ts'
import { compileCheck } from '../src/schema/check-data.ts'
import { readDataSchema } from '../src/schema/read-schema.ts'

const names = fc.constantFrom('a', 'b', 'toString', 'constructor', 'x"y\\`${z}', '')
const scalars = fc.constantFrom<(string | number | boolean | null)[]>(
  'a',
  'ab',
  '😀',
  '',
  0,
  1,
  1.5,
  -1,
  true,
  null,
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 })
const count = fc.nat(3)

const { part } = fc.letrec<{ part: JsonObject; leaf: JsonObject }>((tie) => {
  const leaf = fc
    .record({
      type: maybe(
        fc.constantFrom<JsonValue[]>('string', 'number', 'integer', 'null', 'object', ['string', 'null']),
      ),
      enum: maybe(fc.uniqueArray(scalars, { minLength: 1, maxLength: 3 })),
      const: maybe(scalars),
      minLength: maybe(count),
      maxLength: maybe(count),
      minimum: maybe(count),
      exclusiveMaximum: maybe(count),
      minItems: maybe(count),
      maxItems: maybe(count),
      minProperties: maybe(count),
      maxProperties: maybe(count),
      required: maybe(fc.uniqueArray(names, { maxLength: 2 })),
    })
    .map(withoutUndefined)
  const forms = fc.array(tie('part'), { minLength: 1, maxLength: 3 })
  const nested = fc
    .record({
      properties: maybe(fc.dictionary(names, tie('part'), { maxKeys: 3 })),
      additionalProperties: maybe(fc.oneof(fc.boolean(), tie('part'))),
      items: maybe(tie('part')),
      anyOf: maybe(forms),
      oneOf: maybe(forms),
      allOf: maybe(forms),
    })
    .map(withoutUndefined)
  const both = fc.tuple(leaf, nested).map(([one, other]) => ({ ...one, ...other }))
  return { leaf, part: fc.oneof({ maxDepth: 3, depthSize: 'small' }, leaf, both) }
})

function withoutUndefined(record: Record<string, JsonValue | undefined>): JsonObject {
  const entries = Object.entries(record).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(entries)
}

const { value: values } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }).map((object): JsonValue => ({ ...object })),
  ),
}))

/** A schema of data with one field that may be anything, since data itself is always an object. */
function around(inner: JsonObject): JsonObject {
  return { type: 'object', properties: { field: inner } }
}

function check(schema: JsonObject, data: JsonObject) {
  return compileCheck(readDataSchema(schema))(data)
}

const ajv = new Ajv2020({ strict: false, ownProperties: true, validateSchema: false })

describe('the check of data', () => {
  it('takes and refuses what Ajv takes and refuses', () => {
    fc.assert(
      fc.property(part, fc.array(values, { minLength: 1, maxLength: 10 }), (inner, given) => {
        const schema = around(inner)
        const expected = ajv.compile(schema)
        const check = compileCheck(readDataSchema(schema))
        for (const field of given) {
          const verdict = check({ field }) === undefined
          expect({ schema, field, verdict }).toEqual({ schema, field, verdict: expected({ field }) })
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each<[JsonObject, JsonObject, { path: string; detail: string }]>([
    [
      { properties: { order: { properties: { total: { type: 'integer' } } } } },
      { order: { total: 1.5 } },
      { path: '.order.total', detail: 'must be integer' },
    ],
    [
      { properties: { list: { items: { minimum: 2 } } } },
      { list: [2, 1] },
      { path: '.list[1]', detail: 'must be at least 2' },
    ],
    [{ required: ['id', 'at'] }, { at: 1 }, { path: '', detail: 'lacks id' }],
    [{ additionalProperties: false }, { x: 1 }, { path: '', detail: 'has unknown fields: x' }],
    [{ required: ['toString'] }, {}, { path: '', detail: 'lacks toString' }],
    [
      { properties: { constructor: {} }, additionalProperties: false },
      { toString: 1 },
      { path: '', detail: 'has unknown fields: toString' },
    ],
    [
      { properties: { code: { type: 'string', maxLength: 10, pattern: '^[a-z]+$' } } },
      { code: 'A' },
      { path: '.code', detail: 'must match the pattern ^[a-z]+$' },
    ],
    [
      { properties: { a: { anyOf: [{ type: 'null' }] } } },
      { a: 1 },
      { path: '.a', detail: 'fits none of the forms it may have' },
    ],
  ])('says where and what is wrong: %j', (schema, data, complaint) => {
    expect(check({ type: 'object', ...schema }, data)).toEqual(complaint)
  })

  it('counts characters, not UTF-16 units', () => {
    const schema = around({ minLength: 2, maxLength: 3 })
    const verdicts = ['😀', '😀😀', '😀😀😀', '😀😀😀😀', 'abcd'].map(
      (field) => check(schema, { field }) === undefined,
    )
    expect(verdicts).toEqual([false, true, true, false, false])
  })

  it('shows nothing of a name that could harm a log', () => {
    const complaint = check({ type: 'object', additionalProperties: false }, { 'x\u001b[2J': 1 })
    expect(complaint?.detail).toBe('has unknown fields: x\ufffd[2J')
  })
})
