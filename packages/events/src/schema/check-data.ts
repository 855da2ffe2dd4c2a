import type { JsonObject, JsonValue } from '@daybook/errors'
import { shown } from '../json/shown.ts'
import type { Complaint } from '../validator.ts'
import type { DataSchema, JsonType } from './data-schema.ts'
import { compilePattern } from './pattern.ts'

/** What is wrong with a value; undefined when it fits. */
export type Check = (value: JsonValue) => Complaint | undefined

/**
 * Compiles a schema of a user into a check. It is put together from functions: no program text is ever made of what a
 * stranger wrote, as the compiler does that Daybook's own schemas go through (see `Validator`). Measured: a
 * microsecond or so for an event of some fields, and up to half a one for each character under a pattern.
 */
export function compileCheck(schema: DataSchema): Check {
  const checks = [
    ...checksOfAnything(schema),
    ...onlyFor(isText, checksOfText(schema)),
    ...onlyFor(isNumber, checksOfNumber(schema)),
    ...onlyFor(isList, checksOfList(schema)),
    ...onlyFor(isObject, checksOfObject(schema)),
    ...checksOfChoices(schema),
  ]
  return (value) => {
    for (const check of checks) {
      const complaint = check(value)
      if (complaint !== undefined) return complaint
    }
    return undefined
  }
}

/** A keyword about texts says nothing about numbers, and so on. */
function onlyFor<Kind extends JsonValue>(
  is: (value: JsonValue) => value is Kind,
  checks: readonly ((value: Kind) => Complaint | undefined)[],
): Check[] {
  return checks.map((check) => (value) => (is(value) ? check(value) : undefined))
}

const isText = (value: JsonValue): value is string => typeof value === 'string'
const isNumber = (value: JsonValue): value is number => typeof value === 'number'
const isList = (value: JsonValue): value is JsonValue[] => Array.isArray(value)
const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function wrong(detail: string): Complaint {
  return { path: '', detail }
}

function checksOfAnything({ type, enum: values }: DataSchema): Check[] {
  const types = type === undefined ? [] : typeof type === 'string' ? [type] : type
  const allowed = new Set<JsonValue>(values)
  return [
    ...(types.length === 0
      ? []
      : [
          (value: JsonValue) =>
            types.some((one) => hasType(value, one)) ? undefined : wrong(`must be ${types.join(' or ')}`),
        ]),
    ...(values === undefined
      ? []
      : [
          (value: JsonValue) =>
            allowed.has(value) ? undefined : wrong('must be equal to one of the allowed values'),
        ]),
  ]
}

function hasType(value: JsonValue, type: JsonType): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return isList(value)
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

/** A check for each bound that is set. */
function bounds<Kind>(
  given: readonly [
    bound: number | undefined,
    fails: (value: Kind, bound: number) => boolean,
    words: string,
  ][],
): ((value: Kind) => Complaint | undefined)[] {
  return given.flatMap(([bound, fails, words]) =>
    bound === undefined
      ? []
      : [
          (value: Kind) =>
            fails(value, bound) ? wrong(`must ${words.replace('#', String(bound))}`) : undefined,
        ],
  )
}

function checksOfText({ minLength, maxLength, pattern }: DataSchema) {
  const lengths = bounds<string>([
    [minLength, (text, bound) => isShorter(text, bound), 'have at least # characters'],
    [maxLength, (text, bound) => !isShorter(text, bound + 1), 'have at most # characters'],
  ])
  if (pattern === undefined) return lengths
  const fits = compilePattern(pattern, 'pattern')
  // After the lengths, which bound what it costs.
  return [...lengths, (text: string) => (fits(text) ? undefined : wrong(`must match the pattern ${pattern}`))]
}

/** In code points, of which a text has between half as many as UTF-16 units and as many. */
function isShorter(text: string, length: number): boolean {
  if (text.length < length) return true
  if (text.length >= 2 * length) return false
  let characters = 0
  for (const _character of text) characters += 1
  return characters < length
}

function checksOfNumber({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: DataSchema) {
  return bounds<number>([
    [minimum, (value, bound) => value < bound, 'be at least #'],
    [maximum, (value, bound) => value > bound, 'be at most #'],
    [exclusiveMinimum, (value, bound) => value <= bound, 'be more than #'],
    [exclusiveMaximum, (value, bound) => value >= bound, 'be less than #'],
  ])
}

function checksOfList({ minItems, maxItems, items }: DataSchema) {
  const lengths = bounds<JsonValue[]>([
    [minItems, (list, bound) => list.length < bound, 'have at least # items'],
    [maxItems, (list, bound) => list.length > bound, 'have at most # items'],
  ])
  if (items === undefined) return lengths
  const check = compileCheck(items)
  return [...lengths, (list: JsonValue[]) => firstComplaint(list.entries(), check, (index) => `[${index}]`)]
}

function checksOfObject({
  properties = {},
  required = [],
  additionalProperties = true,
  ...counted
}: DataSchema) {
  const known = new Map(Object.entries(properties).map(([name, schema]) => [name, compileCheck(schema)]))
  const others = typeof additionalProperties === 'boolean' ? undefined : compileCheck(additionalProperties)
  const counts = bounds<JsonObject>([
    [counted.minProperties, (object, bound) => Object.keys(object).length < bound, 'have at least # fields'],
    [counted.maxProperties, (object, bound) => Object.keys(object).length > bound, 'have at most # fields'],
  ])
  return [
    ...counts,
    (object: JsonObject) => {
      const missing = required.filter((name) => !Object.hasOwn(object, name))
      return missing.length === 0 ? undefined : wrong(shown(`lacks ${missing.join(', ')}`))
    },
    (object: JsonObject) => {
      if (additionalProperties !== false) return undefined
      const unknown = Object.keys(object).filter((name) => !known.has(name))
      return unknown.length === 0 ? undefined : wrong(shown(`has unknown fields: ${unknown.join(', ')}`))
    },
    (object: JsonObject) => {
      for (const [name, value] of Object.entries(object)) {
        const complaint = (known.get(name) ?? others)?.(value)
        if (complaint !== undefined) return within(`.${name}`, complaint)
      }
      return undefined
    },
  ]
}

function checksOfChoices({ anyOf, oneOf, allOf = [] }: DataSchema): Check[] {
  const none = wrong('fits none of the forms it may have')
  const countFitting = (checks: readonly Check[], value: JsonValue) =>
    checks.filter((check) => check(value) === undefined).length
  const checks = allOf.map(compileCheck)
  if (anyOf !== undefined) {
    const forms = anyOf.map(compileCheck)
    checks.push((value) => (forms.some((check) => check(value) === undefined) ? undefined : none))
  }
  if (oneOf !== undefined) {
    const forms = oneOf.map(compileCheck)
    checks.push((value) => {
      const fitting = countFitting(forms, value)
      if (fitting === 1) return undefined
      return fitting === 0 ? none : wrong('fits several of the forms of which it may have one')
    })
  }
  return checks
}

function firstComplaint(
  items: Iterable<[number, JsonValue]>,
  check: Check,
  step: (index: number) => string,
): Complaint | undefined {
  for (const [index, item] of items) {
    const complaint = check(item)
    if (complaint !== undefined) return within(step(index), complaint)
  }
  return undefined
}

function within(step: string, { path, detail }: Complaint): Complaint {
  return { path: shown(`${step}${path}`), detail }
}
