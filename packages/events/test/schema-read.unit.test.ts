import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../src/index.ts'
import { readDataSchema, SCHEMA_BYTES_MAX } from '../src/schema/read-schema.ts'
import { refusalOf } from './refusal.ts'

const object = (more: JsonObject): JsonObject => ({ type: 'object', ...more })
const field = (schema: JsonValue) => object({ properties: { field: schema } })

function refused(schema: unknown) {
  return refusalOf(() => readDataSchema(schema))
}

/** Each definition refers to the one after it twice: short to write, 2^n parts. */
function doubling(levels: number): JsonObject {
  const entries = Array.from({ length: levels }, (_, level): [string, JsonValue] => {
    const next = { $ref: `#/$defs/d${level + 1}` }
    return [`d${level}`, level === levels - 1 ? { type: 'null' } : { anyOf: [next, next] }]
  })
  return object({ $defs: Object.fromEntries(entries), properties: { field: { $ref: '#/$defs/d0' } } })
}

describe('a schema', () => {
  it('is read with its references replaced, and without what only explains', () => {
    const money = { type: 'integer', minimum: 0, title: 'Cents', examples: [1] }
    const schema = readDataSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $comment: 'for people',
      type: 'object',
      $defs: { money },
      properties: { total: { $ref: '#/$defs/money', description: 'of the order' }, note: true },
      required: ['total'],
      additionalProperties: false,
    })
    expect(schema).toEqual({
      type: 'object',
      properties: {
        total: { type: 'integer', minimum: 0, title: 'Cents', description: 'of the order' },
        note: {},
      },
      required: ['total'],
      additionalProperties: false,
    })
  })

  it.each<[string, unknown, string]>([
    ['no object', 'object', 'schema is not an object'],
    [
      'another dialect',
      object({ $schema: 'http://json-schema.org/draft-07/schema#' }),
      'schema.$schema is not https',
    ],
    ['data that need not be an object', { properties: {} }, 'schema.type is not "object"'],
    [
      'a keyword that is not taken',
      object({ unevaluatedProperties: false }),
      'schema.unevaluatedProperties is not a keyword',
    ],
    ['a keyword that objects inherit', object({ constructor: 1 }), 'schema.constructor is not a keyword'],
    [
      'an id, which would move references',
      object({ $id: 'https://example.org/a' }),
      'schema.$id is not a keyword',
    ],
    [
      'a reference to another document',
      field({ $ref: 'https://example.org/b.json' }),
      'does not lead to #/$defs/',
    ],
    ['a reference into a file', field({ $ref: 'file:///etc/passwd' }), 'does not lead to #/$defs/'],
    ['a reference to itself', field({ $ref: '#' }), 'does not lead to #/$defs/'],
    [
      'a reference to nothing',
      field({ $ref: '#/$defs/toString' }),
      'refers to #/$defs/toString, which is not there',
    ],
    [
      'a rule beside a reference',
      object({ $defs: { a: {} }, properties: { b: { $ref: '#/$defs/a', type: 'null' } } }),
      'has type beside $ref',
    ],
    [
      'a circle',
      object({ $defs: { a: { items: { $ref: '#/$defs/a' } } } }),
      'refers to #/$defs/a in a circle',
    ],
    [
      'a pattern without a length',
      field({ type: 'string', pattern: '^a$' }),
      'schema.properties.field has a pattern without a maxLength',
    ],
    [
      'a pattern with a length that bounds nothing',
      field({ pattern: '^a$', maxLength: 4_097 }),
      'without a maxLength of at most 4096',
    ],
    [
      'a pattern that looks back',
      field({ pattern: '(a)\\1', maxLength: 9 }),
      'schema.properties.field.pattern refers back',
    ],
    [
      'a field that every object has',
      field({ properties: JSON.parse('{"__proto__":{}}') }),
      'names __proto__',
    ],
    [
      'a bound that is none',
      field({ minLength: -1 }),
      'schema.properties.field.minLength is not a whole number',
    ],
    [
      'a type that is none',
      field({ type: 'date' }),
      'schema.properties.field.type is not one of object, array',
    ],
    [
      'a list among the values',
      field({ enum: [[1]] }),
      'schema.properties.field.enum names a list or an object',
    ],
    ['a rule that nothing can keep', field(false), 'schema.properties.field is not a schema'],
    ['references that multiply', doubling(12), 'more than 1000 parts'],
    [
      'parts without end',
      object({ allOf: Array.from({ length: 1_001 }, () => ({})) }),
      'more than 1000 parts',
    ],
    ['too much text', object({ description: 'x'.repeat(SCHEMA_BYTES_MAX) }), `more than ${SCHEMA_BYTES_MAX}`],
    [
      'a definition that is not sound, though nothing refers to it',
      object({ $defs: { a: { type: 'date' } } }),
      'schema.$defs.a.type',
    ],
  ])('with %s is refused', (_what, schema, message) => {
    expect(refused(schema)).toEqual({ code: 'invalid-schema', message: expect.stringContaining(message) })
  })

  it('that is nested without end is refused', () => {
    const deep = Array.from({ length: 60 }).reduce<JsonObject>((inner) => ({ items: inner }), {})
    expect(refused(field(deep)).code).toBe('json-too-deep')
    const chain = Array.from({ length: 40 }, (_, level): [string, JsonValue] => [
      `d${level}`,
      level === 39 ? {} : { items: { items: { $ref: `#/$defs/d${level + 1}` } } },
    ])
    const message = expect.stringContaining('is nested deeper than 64')
    expect(refused(object({ $defs: Object.fromEntries(chain) }))).toEqual({ code: 'invalid-schema', message })
  })
})
