import { catalogue, type ErrorCode, type Retry } from './catalogue.ts'
import type { JsonValue } from './json-value.ts'

/** Facts about one error for programs: which event, which seq. They are shown to callers, so never secrets. */
export type ErrorDetails = Readonly<Record<string, JsonValue>>

/**
 * The one error class of Daybook. `code` says who is told what, `retry` whether sending the same again may help.
 * The message says what is wrong and what to do next; it is shown to callers, so it never holds a secret.
 */
export class DaybookError extends Error {
  override readonly name = 'DaybookError'
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details
  }

  /** Whether the same request may succeed later; a property of the code. */
  get retry(): Retry {
    return catalogue[this.code].retry
  }
}
