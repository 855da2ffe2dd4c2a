import type { JsonValue } from '@daybook/errors'
import { canonicalJson } from '../json/canonical.ts'
import { requireKeepable } from '../json/keepable.ts'
import { type DataSchema, type DraftSchema, SCHEMA_DIALECT } from './data-schema.ts'
import { compilePattern } from './pattern.ts'
import { refuseSchema } from './refuse-schema.ts'
import { isObject, type Place, readNames, simpleKeywords } from './simple-keywords.ts'

/** Bytes of the canonical JSON. Larger ones describe what belongs into several types, or data instead of their form. */
export const SCHEMA_BYTES_MAX = 32_768
/** What is published and made into types; one long definition can be referred to many times. */
const EXPANDED_BYTES_MAX = 4 * SCHEMA_BYTES_MAX
/** Steps from the root, after references are replaced: two for each of the 32 levels that data may have. */
const DEPTH_MAX = 64
/**
 * Parts in all, after references are replaced: ten references to ten references to … are short to write. With this and
 * the bound of a payload, checking one event takes a bounded number of steps.
 */
const PARTS_MAX = 1_000
/** A pattern is matched in (steps × characters): a text that is longer is refused before it is looked at. */
const PATTERN_LENGTH_MAX = 4_096
/** What the HTTP door reads, without the request around it; deeper ones are written with `$defs`. */
const JSON_DEPTH_MAX = 38

/**
 * Reads the schema of an event's data: JSON Schema, draft 2020-12, of which the subset is taken that can be checked
 * within bounds and without surprises; everything else is refused by name, never ignored. References lead only into the
 * schema's own `$defs`, and not in circles. Code: invalid-schema, and those of `requireKeepable`.
 */
export function readDataSchema(value: unknown): DataSchema {
  requireKeepable(value, { path: 'schema', depthMax: JSON_DEPTH_MAX })
  if (!isObject(value)) throw refuseSchema('schema', 'is not an object')
  const bytes = Buffer.byteLength(canonicalJson(value))
  if (bytes > SCHEMA_BYTES_MAX)
    throw refuseSchema('schema', `is ${bytes} bytes, more than ${SCHEMA_BYTES_MAX}`)
  const { $schema: dialect = SCHEMA_DIALECT, $defs = {}, ...root } = value
  if (dialect !== SCHEMA_DIALECT) throw refuseSchema('schema.$schema', `is not ${SCHEMA_DIALECT}`)
  if (!isObject($defs)) throw refuseSchema('schema.$defs', 'is not an object')
  const reader = new SchemaReader($defs)
  // A part that nothing refers to has to be sound as well: it will be referred to one day.
  for (const name of Object.keys($defs)) reader.readDefinition(name, { path: 'schema', depth: 0 })
  const schema = reader.restart().readPart(root, { path: 'schema', depth: 0 })
  if (Buffer.byteLength(JSON.stringify(schema)) > EXPANDED_BYTES_MAX)
    throw refuseSchema('schema', `is more than ${EXPANDED_BYTES_MAX} bytes, references replaced`)
  if (schema.type !== 'object')
    throw refuseSchema('schema.type', 'is not "object", which the data of an event is')
  return schema
}

/** Explain, and mean nothing for what is valid. */
const ANNOTATIONS = new Set(['$comment', 'default', 'examples', 'readOnly', 'writeOnly'])
const WORDS = new Set(['title', 'description', 'deprecated'])
const LISTS = ['anyOf', 'oneOf', 'allOf'] as const

class SchemaReader {
  readonly #definitions: Readonly<Record<string, JsonValue>>
  /** The definitions that are being read: one that is met again would never end. */
  readonly #open = new Set<string>()
  #parts = 0

  constructor(definitions: Readonly<Record<string, JsonValue>>) {
    this.#definitions = definitions
  }

  restart(): SchemaReader {
    return new SchemaReader(this.#definitions)
  }

  readPart(value: JsonValue, place: Place): DataSchema {
    this.#count(place)
    if (value === true) return {}
    if (!isObject(value)) throw refuseSchema(place.path, 'is not a schema')
    const { $ref: reference, ...rest } = value
    if (reference !== undefined) return this.#follow(reference, rest, place)
    const schema: DraftSchema = {}
    for (const [keyword, content] of Object.entries(value)) {
      if (!ANNOTATIONS.has(keyword)) this.#readKeyword(schema, keyword, content, inside(place, keyword))
    }
    requireBoundedPattern(schema, place)
    return schema
  }

  readDefinition(name: string, place: Place): DataSchema {
    const definition = Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined
    if (definition === undefined)
      throw refuseSchema(place.path, `refers to #/$defs/${name}, which is not there`)
    if (this.#open.has(name)) throw refuseSchema(place.path, `refers to #/$defs/${name} in a circle`)
    this.#open.add(name)
    const schema = this.readPart(definition, { path: `schema.$defs.${name}`, depth: place.depth })
    this.#open.delete(name)
    return schema
  }

  /** Beside a reference there may be words about it; everything else would have to be merged. */
  #follow(reference: JsonValue, beside: Readonly<Record<string, JsonValue>>, place: Place): DataSchema {
    const name = typeof reference === 'string' ? /^#\/\$defs\/([^/~%]+)$/.exec(reference)?.[1] : undefined
    if (name === undefined)
      throw refuseSchema(`${place.path}.$ref`, 'does not lead to #/$defs/<name> of this schema')
    const words: DraftSchema = {}
    for (const [keyword, content] of Object.entries(beside)) {
      if (ANNOTATIONS.has(keyword)) continue
      if (!WORDS.has(keyword))
        throw refuseSchema(place.path, `has ${keyword} beside $ref; put both into an allOf`)
      simpleKeywords.get(keyword)?.(words, content, inside(place, keyword))
    }
    return { ...this.readDefinition(name, place), ...words }
  }

  #readKeyword(schema: DraftSchema, keyword: string, content: JsonValue, place: Place): void {
    const simple = simpleKeywords.get(keyword)
    if (simple !== undefined) return simple(schema, content, place)
    const list = LISTS.find((name) => name === keyword)
    if (list !== undefined) schema[list] = this.#readList(content, place)
    else if (keyword === 'properties') schema.properties = this.#readProperties(content, place)
    else if (keyword === 'items') schema.items = this.readPart(content, place)
    else if (keyword === 'additionalProperties') {
      schema.additionalProperties = typeof content === 'boolean' ? content : this.readPart(content, place)
    } else throw refuseSchema(place.path, 'is not a keyword that Daybook takes')
  }

  #readList(content: JsonValue, place: Place): DataSchema[] {
    if (!Array.isArray(content) || content.length === 0)
      throw refuseSchema(place.path, 'is not a list of schemas')
    return content.map((part, index) => this.readPart(part, { ...place, path: `${place.path}[${index}]` }))
  }

  #readProperties(content: JsonValue, place: Place): Record<string, DataSchema> {
    if (!isObject(content)) throw refuseSchema(place.path, 'is not an object')
    const names = readNames(Object.keys(content), place)
    return Object.fromEntries(
      names.map((name) => [name, this.readPart(content[name] ?? null, inside(place, name))]),
    )
  }

  #count({ path, depth }: Place): void {
    this.#parts += 1
    if (this.#parts > PARTS_MAX)
      throw refuseSchema('schema', `has more than ${PARTS_MAX} parts, references replaced`)
    if (depth > DEPTH_MAX) throw refuseSchema(path, `is nested deeper than ${DEPTH_MAX} parts`)
  }
}

function inside({ path, depth }: Place, name: string): Place {
  return { path: `${path}.${name}`, depth: depth + 1 }
}

function requireBoundedPattern({ pattern, maxLength }: DraftSchema, { path }: Place): void {
  if (pattern === undefined) return
  if (maxLength === undefined || maxLength > PATTERN_LENGTH_MAX) {
    throw refuseSchema(path, `has a pattern without a maxLength of at most ${PATTERN_LENGTH_MAX} beside it`)
  }
  compilePattern(pattern, `${path}.pattern`)
}
