import type { Standpoint } from '@daybook/client'
import type { PatchOperation } from '@daybook/events'
import { printable, short } from './printable.ts'

/** A value of any size, as much of it as a line has room for. */
const VALUE_CHARS_MAX = 80

/** Of when a state is, as in `event 12 of 40, recorded 2026-…`. */
export function standpointText({ seq, recordedAt }: Standpoint, lastSeq?: number): string {
  const which = lastSeq === undefined ? `event ${seq}` : `event ${seq} of ${lastSeq}`
  return recordedAt === null ? 'before the first event' : `${which}, recorded ${recordedAt}`
}

/** Name and value in two columns. */
export function pastLines(lines: readonly (readonly [string, string])[]): string[] {
  return lines.map(([name, value]) => `${name.padEnd(8)}  ${printable(value)}`)
}

/** The lines of a patch: what is changed, by the thing that it is changed of. `before` knows what was there. */
export function patchLines(
  patch: readonly PatchOperation[],
  before: (path: readonly string[]) => unknown,
): string[] {
  const lines: string[] = []
  let subject = ''
  for (const operation of patch) {
    const path = tokensOf(operation.path)
    const isOne = path[0] === 'run' || path[0] === 'session'
    const [of, within] = isOne ? [path.slice(0, 1), path.slice(1)] : [path.slice(0, 2), path.slice(2)]
    if (within.length === 0) {
      lines.push(`${signOf(operation)} ${nameOf(of)}${valueOf(operation)}`)
      continue
    }
    const name = nameOf(of)
    if (name !== subject) lines.push(`  ${name}`)
    subject = name
    lines.push(changeLine(operation, within, before(path)))
  }
  return lines
}

/** One change within a thing: `~   status: waiting → completed`. */
export function changeLine(operation: PatchOperation, within: readonly string[], was: unknown): string {
  const old = was === undefined || operation.op === 'add' ? '' : ` ${shown(was)} →`
  return `${signOf(operation)}   ${printable(within.join('.'))}:${old}${valueOf(operation)}`
}

function signOf({ op }: PatchOperation): string {
  return { add: '+', remove: '-', replace: '~' }[op]
}

function nameOf([list = '', id]: readonly string[]): string {
  const name = { effects: 'effect', links: 'linked run' }[list] ?? list
  return id === undefined ? name : `${name} ${printable(id)}`
}

function valueOf(operation: PatchOperation): string {
  return operation.op === 'remove' ? '' : ` ${shown(operation.value)}`
}

function shown(value: unknown): string {
  return short(typeof value === 'string' ? value : JSON.stringify(value), VALUE_CHARS_MAX)
}

/** What a JSON Pointer (RFC 6901) points to, name by name. */
export function tokensOf(pointer: string): string[] {
  const tokens = pointer.split('/').slice(1)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What is at a path; undefined if nothing is. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = new Map<string, unknown>(Object.entries(at)).get(name)
  }
  return at
}
