import type { JsonObject, JsonValue } from '@daybook/errors'
import type { PatchOperation } from '../src/patch/diff.ts'

/** RFC 6902 as plainly as it can be written: makes a new value for each operation, and refuses what does not fit. */
export function applyPatch(document: JsonValue, patch: readonly PatchOperation[]): JsonValue {
  return patch.reduce((value, operation) => {
    const tokens = operation.path.split('/').slice(1)
    return change(
      value,
      tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')),
      operation,
    )
  }, document)
}

function change(at: JsonValue, [token, ...rest]: string[], operation: PatchOperation): JsonValue {
  if (token === undefined) {
    if (operation.op !== 'replace') throw new Error(`${operation.op} of the whole document`)
    return operation.value
  }
  if (Array.isArray(at)) return changeList(at, Number(token), rest, operation)
  if (typeof at === 'object' && at !== null) return changeObject(at, token, rest, operation)
  throw new Error(`nothing is below ${JSON.stringify(at)}`)
}

function changeList(list: JsonValue[], nth: number, rest: string[], operation: PatchOperation): JsonValue {
  const isLast = rest.length === 0
  const length = isLast && operation.op === 'add' ? list.length + 1 : list.length
  if (!(nth >= 0 && nth < length)) throw new Error(`there is no place ${nth} in the list`)
  if (isLast && operation.op === 'remove') return list.toSpliced(nth, 1)
  if (isLast && operation.op === 'add') return list.toSpliced(nth, 0, operation.value)
  return list.with(nth, change(list[nth] ?? null, rest, operation))
}

function changeObject(
  object: JsonObject,
  name: string,
  rest: string[],
  operation: PatchOperation,
): JsonValue {
  const members = new Map(Object.entries(object))
  const isNew = rest.length === 0 && operation.op === 'add'
  if (members.has(name) === isNew) throw new Error(`the member ${name} is ${isNew ? '' : 'not '}there`)
  if (rest.length === 0 && operation.op === 'remove') members.delete(name)
  else if (isNew) members.set(name, operation.value)
  else members.set(name, change(members.get(name) ?? null, rest, operation))
  return Object.fromEntries(members)
}
