import type { JsonObject, JsonValue } from '@daybook/errors'

/** The members that are texts. What an older or newer writer wrote otherwise is left out, never an error. */
export function texts<Name extends string>(
  data: JsonObject,
  names: readonly Name[],
): { [K in Name]?: string } {
  const found: { [K in Name]?: string } = {}
  for (const name of names) {
    const value = data[name]
    if (typeof value === 'string') found[name] = value
  }
  return found
}

/** The members that are there, whatever they are. */
export function members<Name extends string>(
  data: JsonObject,
  names: readonly Name[],
): { [K in Name]?: JsonValue } {
  const found: { [K in Name]?: JsonValue } = {}
  for (const name of names) {
    const value = data[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

/** A member that is an object; an empty one otherwise. */
export function objectOf(data: JsonObject, name: string): JsonObject {
  const value = data[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
