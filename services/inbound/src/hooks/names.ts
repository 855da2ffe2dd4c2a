import type { JsonValue } from '@daybook/errors'
import { FOREIGN_ID_PATTERN, isInstant } from '@daybook/events'
import { type HeaderValues, onlyValue } from './headers.ts'
import { textAt } from './json-pointer.ts'

/** What a platform calls a message, as far as it says. */
export interface MessageNames {
  /** The same at each delivery of the message, and never a signature or the id of one request. */
  readonly messageId: string | undefined
  readonly conversation: string | undefined
  /** When it happened, ISO 8601; not when it was delivered. */
  readonly eventTime: string | undefined
}

/** A delivery whose signature is valid. */
export interface Delivery {
  readonly headers: HeaderValues
  /** The body as JSON or the fields of a form; undefined when it is neither. */
  readonly value: JsonValue | undefined
}

const foreignId = new RegExp(FOREIGN_ID_PATTERN)
/** A header that came twice may arrive as one with a comma, whoever passed it on. */
const ID_IN_HEADER = /^[^\s,]+$/
/** Seconds since 1970 stay below it until the year 5138; milliseconds are above it since 1973. */
const SECONDS_MAX = 1e11

/** The first of the places in a body that names something. */
export function firstText(value: JsonValue | undefined, pointers: readonly string[]): string | undefined {
  for (const pointer of pointers) {
    const text = textAt(value, pointer)
    if (text !== undefined && foreignId.test(text)) return text
  }
  return undefined
}

/** The id that a header has. */
export function idInHeader(headers: HeaderValues, name: string): string | undefined {
  const text = onlyValue(headers, name)
  return text !== undefined && ID_IN_HEADER.test(text) && foreignId.test(text) ? text : undefined
}

/** The instant that a text or number says: seconds or milliseconds since 1970, or ISO 8601 with an offset. */
export function instantAt(value: JsonValue | undefined, pointers: readonly string[]): string | undefined {
  const text = firstText(value, pointers)
  return text === undefined ? undefined : instantOf(msOf(text))
}

/** Milliseconds since 1970 as the journal writes instants; undefined for what is none. */
export function instantOf(ms: number): string | undefined {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return undefined
  const text = date.toISOString()
  return isInstant(text) ? text : undefined
}

function msOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) < SECONDS_MAX ? Number(text) * 1_000 : Number(text)
  // Without an offset it would be read as the time of wherever this service runs.
  return /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
}
