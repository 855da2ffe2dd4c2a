import { DaybookError, type ErrorCode, type JsonValue } from '@daybook/errors'
import { DEPTH_MAX, decodeUtf8, parseJson } from '@daybook/events'

/**
 * A body as it is kept. Not every JSON can be kept as JSON without bending it (equal keys, numbers that no double holds,
 * `\u0000`), and some bodies are none: they are kept as they came, with `bodyAs` and the reason.
 */
export type KeptBody =
  | { readonly body: JsonValue }
  | { readonly body: string; readonly bodyAs: 'text' | 'base64'; readonly because: ErrorCode }

export interface ReadBody {
  readonly kept: KeptBody
  /** For finding names in it, read as anybody would read it; undefined when it is neither JSON nor a form. */
  readonly value: JsonValue | undefined
}

/** Two levels of an event's data are around the body: the event's own and the payload's. */
const BODY_DEPTH_MAX = DEPTH_MAX - 2
const FORM = 'application/x-www-form-urlencoded'
/** GitHub's forms and Slack's interactions: a form with one field, which is JSON. */
const ONLY_FIELD = 'payload'

/** Reads a body whose signature has been checked. Nothing about it is refused: what cannot be understood is kept all the same. */
export function readBody(body: Uint8Array, contentType = ''): ReadBody {
  const text = textOf(body)
  if (text === undefined) return { kept: keptAsBytes(body), value: undefined }
  const isForm = contentType.toLowerCase().startsWith(FORM)
  const json = isForm ? jsonOfForm(text) : text
  if (json === undefined)
    return { kept: { body: text, bodyAs: 'text', because: 'invalid-string' }, value: undefined }
  const strict = parseStrictly(json)
  if (!(strict instanceof DaybookError)) return { kept: { body: strict.value }, value: strict.value }
  return { kept: { body: text, bodyAs: 'text', because: strict.code }, value: parseLeniently(json) }
}

/** Text that the journal can keep: in UTF-8, and without the character that its database cannot hold. */
function textOf(body: Uint8Array): string | undefined {
  if (body.includes(0)) return undefined
  try {
    return decodeUtf8(body)
  } catch {
    return undefined
  }
}

function keptAsBytes(body: Uint8Array): KeptBody {
  return { body: Buffer.from(body).toString('base64'), bodyAs: 'base64', because: 'invalid-string' }
}

/** Wrapped, so that `null`, which is JSON too, is not taken for nothing. */
function parseStrictly(json: string): { value: JsonValue } | DaybookError {
  try {
    return { value: parseJson(json, { depthMax: BODY_DEPTH_MAX }) }
  } catch (error) {
    if (error instanceof DaybookError) return error
    throw error
  }
}

/** Of equal keys the last counts. A number that a double would bend is its digits, so that no two ids become one. */
function parseLeniently(json: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(json, (_name, value: JsonValue, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value,
    )
    return value
  } catch {
    // It is no JSON, or so deep that reading it would take the whole stack.
    return undefined
  }
}

/**
 * A form (WHATWG URL Standard, application/x-www-form-urlencoded) as JSON text. A field that comes twice is there twice,
 * for the strict reader to find. Undefined for bytes that are no text.
 */
function jsonOfForm(text: string): string | undefined {
  const fields = text.split('&').filter((field) => field !== '')
  const decoded = fields.map((field) => {
    const end = field.indexOf('=')
    return end < 0 ? [field, ''] : [field.slice(0, end), field.slice(end + 1)]
  })
  try {
    const entries = decoded.map((field) => field.map((part) => decodeURIComponent(part.replaceAll('+', ' '))))
    const [[name, value] = [], ...others] = entries
    if (name === ONLY_FIELD && value !== undefined && others.length === 0) return value
    return `{${entries.map((entry) => entry.map((part) => JSON.stringify(part)).join(':')).join(',')}}`
  } catch {
    return undefined
  }
}
