import { DaybookError } from '@daybook/errors'
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/value'

/** Something in a file of settings that cannot be used. It never holds the value: that may be a secret in a wrong place. */
export interface Fault {
  /** A JSON Pointer (RFC 6901). */
  readonly path: string
  readonly detail: string
}

/** A file with more has another problem than each of them. */
const SHOWN_MAX = 50

/** What in a value does not fit a schema; `at` is where the value stands. */
export function faultsOf(schema: TSchema, value: unknown, at: string): Fault[] {
  // An unknown field is reported for itself as `boolean` and for the object around it once more.
  const errors = Errors(schema, value).filter(({ keyword }) => keyword !== 'additionalProperties')
  return errors.map(({ instancePath, keyword, message }) => ({
    path: `${at}${instancePath}`,
    detail: keyword === 'boolean' ? 'is not a known field' : message,
  }))
}

/** All of them at once. Code: `invalid-usage`. */
export function badSources(faults: readonly Fault[]): DaybookError {
  const lines = faults.slice(0, SHOWN_MAX).map(({ path, detail }) => `  ${path || 'the file'}: ${detail}`)
  const message = `Correct these in the file that SOURCES_FILE names:\n${lines.join('\n')}`
  return new DaybookError('invalid-usage', message, {
    details: { faults: faults.slice(0, SHOWN_MAX).map(({ path, detail }) => ({ path, detail })) },
  })
}
