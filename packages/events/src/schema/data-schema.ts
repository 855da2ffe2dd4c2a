/** The types of JSON Schema. */
export const JSON_TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'] as const
export type JsonType = (typeof JSON_TYPES)[number]

/** A value that `enum` and `const` may name. */
export type Scalar = string | number | boolean | null

/**
 * A schema of the subset that Daybook takes, read and checked by `readDataSchema`: every reference is replaced by what
 * it refers to, and what only explains is reduced to what documentation and types use. It is itself a JSON Schema
 * (draft 2020-12).
 */
export interface DataSchema {
  readonly title?: string
  readonly description?: string
  /** Says what a text means; it is not checked, as the draft leaves open. */
  readonly format?: string
  readonly deprecated?: boolean
  readonly type?: JsonType | readonly JsonType[]
  readonly enum?: readonly Scalar[]
  readonly properties?: Readonly<Record<string, DataSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | DataSchema
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly items?: DataSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  /** In characters (code points). */
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly anyOf?: readonly DataSchema[]
  readonly oneOf?: readonly DataSchema[]
  readonly allOf?: readonly DataSchema[]
}

/** What a reader of schemas fills in. */
export type DraftSchema = { -readonly [Keyword in keyof DataSchema]: DataSchema[Keyword] }

/** The dialect of every schema that Daybook takes and publishes. */
export const SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema'
