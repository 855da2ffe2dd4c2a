import type { Daybook } from '@daybook/client'
import { DaybookError, type JsonValue } from '@daybook/errors'
import { canonicalJson, DEPTH_MAX, decodeUtf8, parseJson } from '@daybook/events'
import { readInput } from './input.ts'
import type { Shell } from './shell.ts'

/** A value over this size lies beside the journal and not in it. */
const inlineBytesMax = 64 * 1024
/** The data of an event is one level around the value. */
const limits = { depthMax: DEPTH_MAX - 1 }

/** JSON of a file, or of standard input for `-`. Codes: those of readInput, and of the JSON. */
export async function readJsonInput(file: string, shell: Shell): Promise<JsonValue> {
  const text = decodeUtf8(await readInput(file, shell))
  return parseNamed(text, file === '-' ? 'The input' : file)
}

/** JSON that was written into the command line. */
export function parseNamed(text: string, name: string): JsonValue {
  try {
    return parseJson(text, limits)
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error
    throw new DaybookError(error.code, `${name}: ${error.message}`, { cause: error })
  }
}

/** JSON as an option takes it: itself, `@file`, or `-` for standard input. Codes: those of readInput, and of the JSON. */
export async function readJsonArgument(text: string, name: string, shell: Shell): Promise<JsonValue> {
  if (text === '-') return await readJsonInput('-', shell)
  return text.startsWith('@') ? await readJsonInput(text.slice(1), shell) : parseNamed(text, name)
}

/** The value itself where an event can hold it; a large one is kept as a blob, and this refers to it. */
export async function keepLarge(daybook: Daybook, value: JsonValue): Promise<JsonValue> {
  const text = canonicalJson(value)
  if (Buffer.byteLength(text) <= inlineBytesMax) return value
  return { ...(await daybook.blobs.put(text, 'application/json')) }
}
