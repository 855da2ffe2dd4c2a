import type { JsonObject } from '@daybook/errors'
import { diffJson, type PatchOperation } from './diff.ts'

/** The patch at `path` from one state to another; null stands for one that is not known yet, and is there as null. */
export function diffStates(path: string, before: object | null, after: object | null): PatchOperation[] {
  return diffJson(before && jsonOf(before), after && jsonOf(after), path)
}

/** The patch at `path` of an entry that is in its list or is not. */
export function diffEntry(
  path: string,
  before: object | undefined,
  after: object | undefined,
): PatchOperation[] {
  if (after === undefined) return before === undefined ? [] : [{ op: 'remove', path }]
  if (before === undefined) return [{ op: 'add', path, value: jsonOf(after) }]
  return diffJson(jsonOf(before), jsonOf(after), path)
}

/** States are JSON by their schemas, which the compiler does not see through their optional members. */
function jsonOf(state: object): JsonObject {
  const members: JsonObject = {}
  return Object.assign(members, state)
}
