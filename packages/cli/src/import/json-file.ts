import { DaybookError, type JsonValue } from '@daybook/errors'
import { DEPTH_MAX, decodeUtf8, parseJson } from '@daybook/events'
import type { RunDirectory } from './read-directory.ts'

export type JsonFile =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly missing: boolean; readonly why: string }

/**
 * A JSON file of the directory. Task and result files may hold what an event cannot (deep nesting, huge numbers):
 * they are then still JSON, so they are read leniently here, and `fits` decides whether a value goes into an event or into a blob.
 */
export function readJsonFile(directory: RunDirectory, path: JsonValue | undefined): JsonFile {
  const file = typeof path === 'string' ? directory.files.get(path) : undefined
  if (file === undefined) return { ok: false, missing: true, why: 'is missing' }
  try {
    const value: JsonValue = JSON.parse(decodeUtf8(file.bytes))
    return { ok: true, value }
  } catch (error) {
    return {
      ok: false,
      missing: false,
      why: `is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    }
  }
}

/** A value inside a sentence. */
export function told(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
}

/** Whether an event can hold the value: no deeper, no stranger and no larger than the journal's edge lets through. */
export function fits(value: JsonValue, bytesMax: number): boolean {
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) > bytesMax) return false
  try {
    parseJson(text, { depthMax: valueDepthMax })
    return true
  } catch (error) {
    if (error instanceof DaybookError) return false
    throw error
  }
}

/** The data of an event may have all levels; a value in it, or in the data of its error, begins one or two further in. */
const valueDepthMax = DEPTH_MAX - 2
