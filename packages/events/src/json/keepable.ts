import { DaybookError, type ErrorCode } from '@daybook/errors'
import { isSafeNumber } from './number.ts'
import { shown } from './shown.ts'

// oxlint-disable-next-line no-control-regex -- a zero is exactly what it looks for
const SUSPECT = /[\u0000\ud800-\udfff]/

/** Where a value sits and how deep it may go. */
export interface Place {
  /** How the value is named in messages, such as `events[2]`. */
  path: string
  /** Objects and lists inside each other; `{}` is one level. */
  depthMax: number
}

interface Fault {
  code: ErrorCode
  detail: string
  /** From the value inwards, such as `.data.steps[3]`. */
  path: string
}

/**
 * Refuses a value that is already in memory when the journal could not keep it as it is; the counterpart of `parseJson`
 * for callers that never had the text. Codes: invalid-json, json-too-deep, unsafe-number, invalid-string.
 */
export function requireKeepable(value: unknown, place: Place): void {
  const fault = findFault(value, place.depthMax)
  if (fault === undefined) return
  const path = shown(`${place.path}${fault.path}`)
  throw new DaybookError(fault.code, `${path} ${fault.detail}.`, { details: { path } })
}

function findFault(value: unknown, levels: number): Fault | undefined {
  if (typeof value === 'string') return isKeepableText(value) ? undefined : textFault('')
  if (typeof value === 'number') return isSafeNumber(value) ? undefined : numberFault()
  if (typeof value === 'boolean' || value === null) return undefined
  if (!isStructure(value)) return { code: 'invalid-json', detail: `is ${typeof value}, not JSON`, path: '' }
  if (levels === 0) return { code: 'json-too-deep', detail: 'is nested too deeply', path: '' }
  return Array.isArray(value) ? findInList(value, levels - 1) : findInObject(value, levels - 1)
}

function findInList(list: readonly unknown[], levels: number): Fault | undefined {
  for (let index = 0; index < list.length; index++) {
    const fault = findFault(list[index], levels)
    if (fault !== undefined) return { ...fault, path: `[${index}]${fault.path}` }
  }
  return undefined
}

function findInObject(object: Readonly<Record<string, unknown>>, levels: number): Fault | undefined {
  for (const key of Object.keys(object)) {
    const fault = isKeepableText(key) ? findFault(object[key], levels) : textFault(' (a key)')
    if (fault !== undefined) return { ...fault, path: `.${key}${fault.path}` }
  }
  return undefined
}

function isStructure(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** One test for the common case: most texts hold neither a surrogate, paired or not, nor a zero. */
function isKeepableText(text: string): boolean {
  return !SUSPECT.test(text) || (text.isWellFormed() && !text.includes('\u0000'))
}

function textFault(what: string): Fault {
  return { code: 'invalid-string', detail: 'holds \\u0000 or a lone surrogate', path: what }
}

function numberFault(): Fault {
  const detail = 'is neither a safe integer nor a finite double; send it as a string'
  return { code: 'unsafe-number', detail, path: '' }
}
