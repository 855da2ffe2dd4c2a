import type { JsonObject, JsonValue } from '@daybook/errors'
import { type DraftSchema, JSON_TYPES, type JsonType, type Scalar } from './data-schema.ts'
import { refuseSchema } from './refuse-schema.ts'

/** Where in a schema: in words for a message, and how deep. */
export interface Place {
  readonly path: string
  readonly depth: number
}

type KeywordReader = (schema: DraftSchema, content: JsonValue, place: Place) => void

/** Objects have it already, so a field of this name would be one without being there. */
const UNSAFE_NAME = '__proto__'

/** The keywords that hold no schemas of their own. */
export const simpleKeywords: ReadonlyMap<string, KeywordReader> = new Map<string, KeywordReader>([
  ['title', (schema, content, place) => void (schema.title = readText(content, place))],
  ['description', (schema, content, place) => void (schema.description = readText(content, place))],
  ['format', (schema, content, place) => void (schema.format = readText(content, place))],
  ['deprecated', (schema, content, place) => void (schema.deprecated = readFlag(content, place))],
  ['type', (schema, content, place) => void (schema.type = readTypes(content, place))],
  ['enum', (schema, content, place) => allow(schema, readScalars(content, place))],
  ['const', (schema, content, place) => allow(schema, [readScalar(content, place)])],
  ['required', (schema, content, place) => void (schema.required = readNames(content, place))],
  ['pattern', (schema, content, place) => void (schema.pattern = readText(content, place))],
  ...counts('minProperties', 'maxProperties', 'minItems', 'maxItems', 'minLength', 'maxLength'),
  ...numbers('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'),
])

/** `enum` and `const` in one schema both hold. */
function allow(schema: DraftSchema, values: readonly Scalar[]): void {
  schema.enum = schema.enum?.filter((value) => values.includes(value)) ?? values
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Names of fields. */
export function readNames(content: JsonValue, { path }: Place): string[] {
  if (!Array.isArray(content)) throw refuseSchema(path, 'is not a list of names')
  return content.map((name) => {
    if (typeof name !== 'string') throw refuseSchema(path, 'holds something that is not a name')
    if (name === UNSAFE_NAME)
      throw refuseSchema(path, `names ${UNSAFE_NAME}, which JavaScript takes for something else`)
    return name
  })
}

type CountKeyword = 'minProperties' | 'maxProperties' | 'minItems' | 'maxItems' | 'minLength' | 'maxLength'
type NumberKeyword = 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum'

function counts(...keywords: CountKeyword[]): [string, KeywordReader][] {
  const readerOf =
    (keyword: CountKeyword): KeywordReader =>
    (schema, content, { path }) => {
      if (typeof content !== 'number' || !Number.isSafeInteger(content) || content < 0) {
        throw refuseSchema(path, 'is not a whole number from 0 on')
      }
      schema[keyword] = content
    }
  return keywords.map((keyword) => [keyword, readerOf(keyword)])
}

function numbers(...keywords: NumberKeyword[]): [string, KeywordReader][] {
  const readerOf =
    (keyword: NumberKeyword): KeywordReader =>
    (schema, content, { path }) => {
      if (typeof content !== 'number') throw refuseSchema(path, 'is not a number')
      schema[keyword] = content
    }
  return keywords.map((keyword) => [keyword, readerOf(keyword)])
}

function readText(content: JsonValue, { path }: Place): string {
  if (typeof content !== 'string') throw refuseSchema(path, 'is not a text')
  return content
}

function readFlag(content: JsonValue, { path }: Place): boolean {
  if (typeof content !== 'boolean') throw refuseSchema(path, 'is neither true nor false')
  return content
}

function readTypes(content: JsonValue, place: Place): JsonType | readonly JsonType[] {
  if (!Array.isArray(content)) return readType(content, place)
  if (content.length === 0) throw refuseSchema(place.path, 'is an empty list')
  return content.map((type) => readType(type, place))
}

function readType(content: JsonValue, { path }: Place): JsonType {
  const type = JSON_TYPES.find((known) => known === content)
  if (type === undefined) throw refuseSchema(path, `is not one of ${JSON_TYPES.join(', ')}`)
  return type
}

function readScalars(content: JsonValue, place: Place): Scalar[] {
  if (!Array.isArray(content) || content.length === 0)
    throw refuseSchema(place.path, 'is not a list of values')
  return content.map((value) => readScalar(value, place))
}

/** Scalars only: to compare lists and objects one would have to walk both, for each value. */
function readScalar(content: JsonValue, { path }: Place): Scalar {
  if (typeof content === 'object' && content !== null) throw refuseSchema(path, 'names a list or an object')
  return content
}
