import type { Daybook } from '@daybook/client'
import { DaybookError, type JsonValue } from '@daybook/errors'
import { isBlobRef, type JournalEvent } from '@daybook/events'
import { isObject } from './import/journal-files.ts'

/** A file of the directory that a run was imported from; its bytes are the blob of this hash. */
export interface ImportedFile {
  /** Relative to the run directory. */
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

/** The directory that a run was imported from, as the last import recorded it. */
export interface ImportedDirectory {
  readonly files: ReadonlyMap<string, ImportedFile>
  /** The ids of the events that lie in it as files. */
  readonly eventIds: ReadonlySet<string>
}

/** Undefined for a run that was journaled live, and for one of whose import the payload was erased. */
export async function findImport(daybook: Daybook, runId: string): Promise<ImportedDirectory | undefined> {
  const last = await lastImport(daybook, runId)
  if (last === undefined || last.erased !== undefined) return undefined
  const list = last.data['files']
  const files = isBlobRef(list) ? parse(await daybook.blobs.get(list.$blob)) : list
  const known = Array.isArray(files) ? files.flatMap(toFile) : []
  return {
    files: new Map(known.map((file) => [file.path, file])),
    eventIds: new Set(
      known.flatMap(({ path }) => /^journal\/\d+\.([0-9A-Z]{26})\.json$/.exec(path)?.[1] ?? []),
    ),
  }
}

/** The file as it was imported. Throws `not-found` when its blob was erased. */
export async function readImported(daybook: Daybook, file: ImportedFile): Promise<Uint8Array> {
  // An empty file has no blob: its length says all.
  return file.bytes === 0 ? new Uint8Array() : await daybook.blobs.get(file.sha256)
}

/** The same as JSON; undefined when there is no such file or it is none. */
export async function readImportedJson(
  daybook: Daybook,
  { files }: ImportedDirectory,
  path: string,
): Promise<JsonValue | undefined> {
  const file = files.get(path)
  if (file === undefined) return undefined
  try {
    return parse(await readImported(daybook, file))
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof DaybookError && error.code === 'not-found'))
      return undefined
    throw error
  }
}

async function lastImport(daybook: Daybook, runId: string): Promise<JournalEvent | undefined> {
  try {
    const filter = { reverse: true, limit: 1, types: ['RUN_IMPORTED'] }
    return (await daybook.streamPage(`import/${runId}`, filter)).items[0]
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'not-found') return undefined
    throw error
  }
}

function parse(bytes: Uint8Array): JsonValue {
  return JSON.parse(Buffer.from(bytes).toString('utf8'))
}

function toFile(value: JsonValue): ImportedFile[] {
  if (!isObject(value)) return []
  const { path, sha256, bytes } = value
  const isFile = typeof path === 'string' && typeof sha256 === 'string' && typeof bytes === 'number'
  return isFile ? [{ path, sha256, bytes }] : []
}
