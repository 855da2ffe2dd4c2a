import type { DataSchema, JsonType } from '@daybook/events'

/** What TypeScript calls a value of a JSON type; lists and objects need more words. */
const PLAIN: Readonly<Record<Exclude<JsonType, 'object' | 'array'>, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
}

/**
 * A schema as a TypeScript type, over several lines where it has fields. It says what TypeScript can: lengths, bounds and
 * patterns are left to the journal. Every name and text of the schema is written as a JSON text, so that none can be
 * taken for program text.
 */
export function typeText(schema: DataSchema, indent: string): string {
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)))
  const { type, anyOf = [], oneOf = [], allOf = [] } = schema
  const forms = (list: readonly DataSchema[]) => union(list.map((form) => typeText(form, indent)))
  const parts = [
    ...(type === undefined && schema.properties === undefined ? [] : [ownText(schema, indent)]),
    ...(anyOf.length === 0 ? [] : [forms(anyOf)]),
    ...(oneOf.length === 0 ? [] : [forms(oneOf)]),
    ...allOf.map((part) => typeText(part, indent)),
  ]
  return parts.length === 0 ? 'unknown' : [...new Set(parts)].map(grouped(parts.length)).join(' & ')
}

/** Several types side by side; what can be anything makes all of it so. */
function union(types: readonly string[]): string {
  if (types.includes('unknown')) return 'unknown'
  return types.length === 0 ? 'never' : [...new Set(types)].join(' | ')
}

function grouped(count: number): (text: string) => string {
  return (text) => (count > 1 && text.includes(' | ') ? `(${text})` : text)
}

/** Without a type, fields are described that an object would have. */
function ownText(schema: DataSchema, indent: string): string {
  const { type = 'object' } = schema
  const types = typeof type === 'string' ? [type] : type
  return union(
    types.map((one) => {
      if (one === 'object') return objectText(schema, indent)
      return one === 'array' ? listText(schema, indent) : PLAIN[one]
    }),
  )
}

function listText({ items }: DataSchema, indent: string): string {
  const item = items === undefined ? 'unknown' : typeText(items, indent)
  return /[|&]/.test(item) ? `(${item})[]` : `${item}[]`
}

function objectText(
  { properties = {}, required = [], additionalProperties }: DataSchema,
  indent: string,
): string {
  const inner = `${indent}  `
  const undeclared = required.filter((name) => !Object.hasOwn(properties, name))
  const fields = [
    ...Object.entries(properties).flatMap(([name, schema]) => [
      ...commentText(schema, inner),
      `${inner}${nameText(name)}${required.includes(name) ? '' : '?'}: ${typeText(schema, inner)}`,
    ]),
    ...undeclared.map((name) => `${inner}${nameText(name)}: unknown`),
    ...othersText(additionalProperties, fieldsExist(properties, undeclared), inner),
  ]
  return fields.length === 0 ? 'Record<string, never>' : `{\n${fields.join('\n')}\n${indent}}`
}

function fieldsExist(properties: object, undeclared: readonly string[]): boolean {
  return Object.keys(properties).length + undeclared.length > 0
}

/**
 * Fields that are not named. Where some are, TypeScript would hold the others against them, so they are left unknown; and
 * where nothing is said about others, they may be there, but are not what a program should write.
 */
function othersText(others: boolean | DataSchema | undefined, hasFields: boolean, inner: string): string[] {
  if (others === false || (hasFields && (others === undefined || others === true))) return []
  const isAny = hasFields || others === undefined || others === true
  return [`${inner}[name: string]: ${isAny ? 'unknown' : typeText(others, inner)}`]
}

/** A name that a program may write without quotes; others get them. */
export function nameText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

/** What a schema says about itself, as a comment that nothing in it can end. */
export function commentText({ title, description, deprecated }: DataSchema, indent: string): string[] {
  const lines = [title, description, deprecated === true ? '@deprecated' : undefined]
    .flatMap((text) => (text === undefined ? [] : text.split(/\p{Cc}|\p{Zl}|\p{Zp}/u)))
    .map((line) => line.trim().replaceAll('*/', '*\\/'))
    .filter((line) => line !== '')
  if (lines.length < 2) return lines.map((line) => `${indent}/** ${line} */`)
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`]
}
