import type { JsonObject, JsonValue } from '@daybook/errors'

/** A JSON Pointer (RFC 6901): empty for the whole value, or each step after a slash, with `~` written ~0 and `/` ~1. */
export const JSON_POINTER_PATTERN = '^(/([^~/]|~[01])*)*$'
const INDEX = /^(0|[1-9]\d*)$/

/** What a pointer points to in a value; undefined when there is nothing. */
export function valueAt(value: JsonValue | undefined, pointer: string): JsonValue | undefined {
  let found = value
  for (const step of stepsOf(pointer)) found = found === undefined ? undefined : memberOf(found, step)
  return found
}

/** The text or number that a pointer points to, as text. Nothing else names anything. */
export function textAt(value: JsonValue | undefined, pointer: string): string | undefined {
  const found = valueAt(value, pointer)
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** The value without the members that the pointers point to. */
export function withoutMembers(value: JsonValue, pointers: readonly string[]): JsonValue {
  return pointers.reduce((rest, pointer) => without(rest, stepsOf(pointer)), value)
}

function without(value: JsonValue, [step, ...deeper]: readonly string[]): JsonValue {
  if (step === undefined || !isObject(value) || !Object.hasOwn(value, step)) return value
  const { [step]: member, ...others } = value
  return member === undefined || deeper.length === 0 ? others : { ...value, [step]: without(member, deeper) }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function stepsOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1)
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function memberOf(value: JsonValue, step: string): JsonValue | undefined {
  if (Array.isArray(value)) return INDEX.test(step) ? value[Number(step)] : undefined
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}
