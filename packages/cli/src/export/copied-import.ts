import type { Daybook } from '@daybook/client'
import { DaybookError, type JsonValue } from '@daybook/errors'
import { canonicalJson, isBlobRef, type JournalEvent } from '@daybook/events'
import { atOnce } from '../at-once.ts'
import { isObject } from '../import/journal-files.ts'
import { type ImportedDirectory, type ImportedFile, readImported } from '../imported-directory.ts'
import { tapeEntry } from '../tape-entry.ts'
import type { FiledEvent } from './event-file.ts'
import type { NewFolder } from './new-folder.ts'
import { type DirectoryHead, gitignore } from './run-files.ts'
import { erasedPayload } from './value-file.ts'

/** What of a directory came back from its import. */
export interface CopiedImport {
  /** Its event files by their ULIDs; a damaged directory may have several of one. Never empty lists. */
  readonly events: ReadonlyMap<string, readonly [FiledEvent, ...FiledEvent[]]>
  /** The last event file. */
  readonly head: DirectoryHead
}

/** Enough to hide the way to the server and back; a run has many small files. */
const downloadsAtOnceMax = 8

/** Writes all files of an import as they were, each checked against its hash. Throws `payload-erased` if one was erased. */
export async function copyImport(
  daybook: Daybook,
  imported: ImportedDirectory | undefined,
  folder: NewFolder,
): Promise<CopiedImport> {
  // The tool puts it into each directory, always the same; it is not part of the record.
  await folder.write(gitignore.path, gitignore.content)
  const events = new Map<string, [FiledEvent, ...FiledEvent[]]>()
  let head: DirectoryHead = { seq: 0, ulid: '' }
  await atOnce(imported?.files.values() ?? [], downloadsAtOnceMax, async (file) => {
    const bytes = await contentOf(daybook, file)
    await folder.write(file.path, bytes)
    const name = /^journal\/(\d+)\.([0-9A-Z]{26})\.json$/.exec(file.path)
    const [, seq, ulid = ''] = name ?? []
    const event = name === null ? undefined : eventIn(bytes)
    if (name !== null && Number(seq) > head.seq) head = { seq: Number(seq), ulid }
    if (event !== undefined) events.set(ulid, [event, ...(events.get(ulid) ?? [])])
  })
  return { events, head }
}

async function contentOf(daybook: Daybook, file: ImportedFile): Promise<Uint8Array> {
  try {
    return await readImported(daybook, file)
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'not-found')
      throw erasedPayload(`The file ${file.path}`)
    throw error
  }
}

/** Nothing for a file that holds no event, as in a damaged directory. */
function eventIn(bytes: Uint8Array): FiledEvent | undefined {
  try {
    const body: JsonValue = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (!isObject(body)) return undefined
    const { type, recordedAt, data } = body
    const isEvent = typeof type === 'string' && typeof recordedAt === 'string' && isObject(data)
    return isEvent ? { type, recordedAt, data } : undefined
  } catch {
    return undefined
  }
}

/** Whether the journal tells what the file tells. A value that the import kept as a blob is under its hash. */
export function tellsTheSame(event: JournalEvent, file: FiledEvent): boolean {
  const { type, recordedAt, data } = tapeEntry(event)
  if (recordedAt !== file.recordedAt) return false
  // Data of an unknown type that is too large for an event is a blob as a whole.
  if (type === 'FOREIGN_EVENT' && isBlobRef(data['data'])) return data['type'] === file.type
  return type === file.type && agrees(data, file.data)
}

function agrees(journaled: JsonValue | undefined, filed: JsonValue | undefined): boolean {
  if (journaled === undefined || filed === undefined) return journaled === filed
  if (isBlobRef(journaled)) return true
  if (isObject(journaled) && isObject(filed)) {
    const names = Object.keys(journaled)
    return (
      names.length === Object.keys(filed).length &&
      names.every((name) => agrees(journaled[name], filed[name]))
    )
  }
  return canonicalJson(journaled) === canonicalJson(filed)
}
