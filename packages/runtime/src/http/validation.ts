import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { fromText } from '../setting.ts'

/**
 * Checks requests against their schemas without changing them: nothing is coerced, dropped or filled in. Only where
 * HTTP knows nothing but text (query, path and headers) are integers, numbers and booleans read from it, each only if
 * the whole text is one. A list in the query is written `a=1&a=2` or `a=1,2`.
 */
export const strictValidation: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  return (input: unknown) => {
    const value = httpPart === 'body' ? input : readTexts(input, schema)
    return validator.Check(value) ? { value } : { error: faultsOf(validator.Errors(value)) }
  }
}

/**
 * For a route whose handler reads the body more closely than a schema can say: its body schema is for the
 * documentation, query and path are checked as ever.
 */
export const bodyCheckedByHandler: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : strictValidation(route)

function readTexts(input: unknown, schema: TSchema): unknown {
  if (typeof input !== 'object' || input === null) return input
  const properties: Record<string, TSchema> = 'properties' in schema ? Object(schema.properties) : {}
  const values: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(input)) {
    // A plain assignment would lose an own key `__proto__`, and with it the refusal of an unknown field.
    const value = Object.hasOwn(properties, name) ? readText(text, properties[name]) : text
    Object.defineProperty(values, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return values
}

function readText(text: unknown, schema: TSchema | undefined): unknown {
  if (schema === undefined) return text
  if (!('type' in schema) || schema.type !== 'array')
    return typeof text === 'string' ? fromText(text, schema) : text
  const items: TSchema = 'items' in schema ? Object(schema.items) : {}
  const listed: unknown[] = Array.isArray(text) ? text : [text]
  return listed
    .flatMap((item) => (typeof item === 'string' ? item.split(',') : [item]))
    .map((item) => (typeof item === 'string' ? fromText(item, items) : item))
}

/** TypeBox reports an unknown field twice; the first report names its path, the second says what is wrong. */
function faultsOf(errors: readonly FastifySchemaValidationError[]): FastifySchemaValidationError[] {
  return errors
    .filter(({ keyword }) => keyword !== 'additionalProperties')
    .map((error) => (error.keyword === 'boolean' ? { ...error, message: 'is not a known field' } : error))
}
