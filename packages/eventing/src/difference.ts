import type { JsonValue } from '@daybook/errors'
import { memberPath } from '@daybook/events'

/** Where two values differ first, as a JSON Pointer (RFC 6901), and what each has there; null where it has nothing. */
export interface Difference {
  path: string
  expected: JsonValue
  stored: JsonValue
}

type Member = JsonValue | undefined

/** The first difference between two JSON values, members in the order of their names; undefined if they are equal. */
export function firstDifference(expected: Member, stored: Member, path = ''): Difference | undefined {
  if (expected === stored) return undefined
  if (!isCompound(expected) || !isCompound(stored) || Array.isArray(expected) !== Array.isArray(stored)) {
    return { path, expected: expected ?? null, stored: stored ?? null }
  }
  const [left, right] = [new Map(Object.entries(expected)), new Map(Object.entries(stored))]
  for (const name of [...new Set([...left.keys(), ...right.keys()])].toSorted()) {
    const difference = firstDifference(left.get(name), right.get(name), memberPath(path, name))
    if (difference !== undefined) return difference
  }
  return undefined
}

function isCompound(value: Member): value is Exclude<JsonValue, string | number | boolean | null> {
  return typeof value === 'object' && value !== null
}

/** As it comes back from the database: absent members are absent. */
export function asJson(value: object): JsonValue {
  const json: JsonValue = JSON.parse(JSON.stringify(value))
  return json
}
