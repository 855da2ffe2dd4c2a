import type { JsonObject, JsonValue } from '@daybook/errors'
import { Type } from 'typebox'
import { memberPath } from './pointer.ts'

/** One step of a JSON Patch (RFC 6902). Paths are JSON Pointers (RFC 6901). */
export type PatchOperation =
  | { op: 'add' | 'replace'; path: string; value: JsonValue }
  | { op: 'remove'; path: string }

/** See `PatchOperation`. */
export const patchOperationSchema = Type.Unsafe<PatchOperation>(
  Type.Object({
    op: Type.Enum(['add', 'remove', 'replace']),
    path: Type.String({ description: 'A JSON Pointer (RFC 6901)' }),
    value: Type.Optional(Type.Unknown()),
  }),
)

/**
 * The JSON Patch (RFC 6902) that makes `after` of `before`. Pure. Its size and its time grow with the values, not with
 * their product: what was put into the middle of a list is found by what is equal at both its ends, and no shortest edit
 * is looked for. Of the libraries, rfc6902 5.4 overflows the stack on lists of 3,000 and cannot apply what it makes of a
 * member called `constructor`; any text may be the name of a member here.
 */
export function diffJson(before: JsonValue, after: JsonValue, path = ''): PatchOperation[] {
  if (before === after) return []
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, path)
  if (isObject(before) && isObject(after)) return diffObjects(before, after, path)
  return [{ op: 'replace', path, value: after }]
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function diffObjects(before: JsonObject, after: JsonObject, path: string): PatchOperation[] {
  // A member may be called `__proto__`: what is there is asked of a map.
  const [old, now] = [membersOf(before), membersOf(after)]
  const operations: PatchOperation[] = []
  for (const name of old.keys()) {
    if (!now.has(name)) operations.push({ op: 'remove', path: memberPath(path, name) })
  }
  for (const [name, value] of now) {
    const was = old.get(name)
    const at = memberPath(path, name)
    if (was === undefined) operations.push({ op: 'add', path: at, value })
    else operations.push(...diffJson(was, value, at))
  }
  return operations
}

/** A member that is `undefined` is not written, so it is not there. */
function membersOf(object: JsonObject): Map<string, JsonValue> {
  return new Map(Object.entries(object).filter(([, value]) => value !== undefined))
}

function diffLists(before: JsonValue[], after: JsonValue[], path: string): PatchOperation[] {
  const shorter = Math.min(before.length, after.length)
  const head = countEqual(shorter, (nth) => [before[nth], after[nth]])
  const tail = countEqual(shorter - head, (nth) => [before.at(-1 - nth), after.at(-1 - nth)])
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  const changed = Math.min(old.length, now.length)
  const operations = now
    .slice(0, changed)
    .flatMap((value, nth) => diffJson(old[nth] ?? null, value, `${path}/${head + nth}`))
  // From behind, so that the places of what is still to be removed do not move.
  for (let nth = old.length - 1; nth >= changed; nth -= 1) {
    operations.push({ op: 'remove', path: `${path}/${head + nth}` })
  }
  for (const [nth, value] of now.entries()) {
    if (nth >= changed) operations.push({ op: 'add', path: `${path}/${head + nth}`, value })
  }
  return operations
}

type Pair = readonly [JsonValue | undefined, JsonValue | undefined]

function countEqual(most: number, pairAt: (nth: number) => Pair): number {
  for (let nth = 0; nth < most; nth += 1) {
    if (!isSame(...pairAt(nth))) return nth
  }
  return most
}

/** Stops at the first difference: what is looked at in each list once more would otherwise grow with the nesting. */
function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [old, now] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return (
    old.size === now.size && [...old].every(([name, value]) => now.has(name) && isSame(value, now.get(name)))
  )
}
