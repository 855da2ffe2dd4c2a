import { catalogue, isErrorCode, type Retry } from './catalogue.ts'
import { DaybookError, type ErrorDetails } from './daybook-error.ts'
import type { JsonValue } from './json-value.ts'

/** An error as it travels over HTTP and the bus: a problem object (RFC 9457) with our `code` and `retry`. */
export interface Problem {
  /** `urn:daybook:error:<code>` */
  type: string
  title: string
  code: string
  detail: string
  retry: Retry
  /** The HTTP status; set by the HTTP door only. */
  status?: number
  details?: Record<string, JsonValue>
  requestId?: string
}

const INTERNAL_DETAIL = 'An unexpected error happened. The log of the service has more; try again.'

/**
 * Makes an error fit to be shown. Only a DaybookError speaks for itself: the text of any other error may hold
 * connection strings or SQL, so it becomes code `internal` with a neutral detail, and nothing of it leaks.
 */
export function toProblem(error: unknown): Problem {
  if (!(error instanceof DaybookError)) return problemOf(new DaybookError('internal', INTERNAL_DETAIL))
  return problemOf(error)
}

/**
 * Reads a problem that another process wrote. A code this version does not know becomes `internal` with the detail
 * kept, so that a newer service can still be understood by an older caller.
 */
export function fromProblem(value: unknown): DaybookError {
  if (!isRecord(value))
    return new DaybookError('internal', 'The answer is an error without a problem object.')
  const detail = typeof value['detail'] === 'string' ? value['detail'] : INTERNAL_DETAIL
  const options = isDetails(value['details']) ? { details: value['details'] } : {}
  return new DaybookError(isErrorCode(value['code']) ? value['code'] : 'internal', detail, options)
}

function problemOf(error: DaybookError): Problem {
  const { title, retry } = catalogue[error.code]
  const type = `urn:daybook:error:${error.code}`
  const problem: Problem = { type, title, code: error.code, detail: error.message, retry }
  return error.details === undefined ? problem : { ...problem, details: { ...error.details } }
}

function isDetails(value: unknown): value is ErrorDetails {
  return isRecord(value) && isJson(value)
}

function isJson(value: unknown): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'object' && Object.values(value).every(isJson)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
