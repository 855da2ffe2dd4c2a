import { DaybookError, type JsonValue } from '@daybook/errors'
import { isBlobRef } from '@daybook/events'
import { jsonFileText } from './event-file.ts'

/** A file to be written into the exported directory. */
export interface ExportedFile {
  /** Relative to the run directory. */
  readonly path: string
  readonly content: string | Uint8Array
}

/** The bytes of a blob by its SHA-256. Throws `not-found`. */
export type ReadBlob = (sha256: string) => Promise<Uint8Array>

/** Where a value goes: into the file that names it, or, when it was too large for an event, into a file of its own. */
export interface PlacedValue {
  readonly inline?: JsonValue
  readonly ref?: string
  readonly files: readonly ExportedFile[]
}

/** A large value lies in a file that has the hash of its bytes in its name, as the tool names such files. */
export async function placeValue(
  value: JsonValue | undefined,
  { folder, name }: { folder: string; name: string },
  readBlob: ReadBlob,
): Promise<PlacedValue> {
  if (value === undefined) return { files: [] }
  if (!isJsonBlob(value)) return { inline: value, files: [] }
  const path = `${folder}/blobs/${name}-${value.$blob}.json`
  return { ref: path, files: [{ path, content: await readBlob(value.$blob) }] }
}

/** A value as a file by itself. */
export async function valueFile(path: string, value: JsonValue, readBlob: ReadBlob): Promise<ExportedFile> {
  return { path, content: isJsonBlob(value) ? await readBlob(value.$blob) : jsonFileText(value) }
}

/** A reference to something else than JSON stays what it is: a JSON file cannot hold it. */
function isJsonBlob(value: JsonValue): value is { $blob: string; bytes: number; mediaType: string } {
  return isBlobRef(value) && value.mediaType === 'application/json'
}

/** A payload that was erased cannot be written, and a directory with holes would tell another story. */
export function erasedPayload(what: string): DaybookError {
  return new DaybookError(
    'payload-erased',
    `${what} was erased, so the run cannot be written as a directory. The formats bundle, jsonl and csv say what was erased.`,
  )
}
