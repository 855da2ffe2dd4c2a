import type { TSchema } from 'typebox'

const INTEGER = /^-?(0|[1-9]\d*)$/
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i

/** The keywords of JSON Schema that settings and query parameters are read and described by. */
interface Keywords {
  description?: string
  type?: unknown
  format?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  const?: string | number | boolean
  enum?: readonly (string | number)[]
  anyOf?: readonly Keywords[]
}

/**
 * Reads text from a place that knows only text (an environment variable, a URL) as the schema's type. What does not
 * read as the whole of that type stays text and is then refused by the schema: `12abc`, `1e400` or `yes` never pass.
 */
export function fromText(text: string, schema: TSchema): unknown {
  const { type }: Keywords = schema
  if (type === 'integer' && INTEGER.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  if (type === 'number' && NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** Says in a few words what a schema takes: its `description`, or `an integer from 1 to 65535`. */
export function expectationOf(schema: TSchema): string {
  const keywords: Keywords = schema
  if (keywords.description !== undefined) return keywords.description
  const choices = choicesOf(keywords)
  if (choices.length > 0) return `one of ${choices.join(', ')}`
  if (keywords.type === 'boolean') return 'true or false'
  if (keywords.type === 'integer') return `an integer${range(keywords.minimum, keywords.maximum)}`
  if (keywords.type === 'number') return `a number${range(keywords.minimum, keywords.maximum)}`
  if (keywords.format === 'uri' || keywords.format === 'url') return 'a URL'
  if (keywords.pattern !== undefined) return `text that matches ${keywords.pattern}`
  return `text${range(keywords.minLength, keywords.maxLength, ' characters')}`
}

function choicesOf({ anyOf, enum: options, const: only }: Keywords): string[] {
  if (options !== undefined) return options.map(String)
  return only === undefined ? (anyOf ?? []).flatMap(choicesOf) : [String(only)]
}

function range(min: number | undefined, max: number | undefined, unit = ''): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}${unit}`
  if (min !== undefined) return ` of at least ${min}${unit}`
  return max === undefined ? '' : ` of at most ${max}${unit}`
}
