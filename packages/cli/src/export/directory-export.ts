import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { inspectRun } from '../import/check-run.ts'
import type { Finding } from '../import/finding.ts'
import { readRunDirectory } from '../import/read-directory.ts'
import { findImport } from '../imported-directory.ts'
import { copyImport, tellsTheSame } from './copied-import.ts'
import { DirectoryRecord, type RenamedEvent } from './directory-record.ts'
import { newFolder } from './new-folder.ts'
import { erasedPayload } from './value-file.ts'

/** A run that was written as a directory of the file-per-event tool. */
export interface ExportedRun {
  readonly runId: string
  readonly path: string
  readonly events: number
  readonly files: number
  readonly bytes: number
  /** Events whose files could not have the event's id in their names, since those have to grow. */
  readonly renamed: readonly RenamedEvent[]
  /** What a reader of the directory will find wrong: the damage it was imported with, and faults of the run itself. */
  readonly findings: readonly Finding[]
}

/**
 * Writes a run as a directory:
 *
 * E1. What was imported comes back byte for byte, damage included; that the journal tells the same is checked.
 * E2. What was journaled live is written as the tool writes its own events and files.
 * E3. The directory is there whole, or not at all; nothing is written outside it.
 *
 * Throws `not-found`, `payload-erased`, `damaged-run` when the files of the import contradict the journal, and
 * `invalid-usage` when there is something at `path`.
 */
export async function exportDirectory(
  daybook: Daybook,
  { runId, path }: { runId: string; path: string },
): Promise<ExportedRun> {
  await using folder = await newFolder(path)
  const imported = await findImport(daybook, runId)
  const copied = await copyImport(daybook, imported, folder)
  const record = new DirectoryRecord(runId, copied.head)
  for await (const event of daybook.stream(`run/${runId}`)) {
    if (event.erased !== undefined) throw erasedPayload(`The payload of event ${event.seq} of ${runId}`)
    const filed = copied.events.get(event.id)
    if (filed !== undefined) {
      if (!filed.some((file) => tellsTheSame(event, file))) throw contradiction(runId, event.seq) // E1
      record.note(filed[0])
    } else if (imported === undefined || event.type !== 'RUN_DAMAGED') {
      const files = await record.add(event, (sha256) => daybook.blobs.get(sha256)) // E2
      for (const file of files) await folder.write(file.path, file.content)
    }
  }
  for (const file of record.rest(imported !== undefined)) await folder.write(file.path, file.content)
  const written = await readRunDirectory(folder.path)
  const { findings, journal } = inspectRun(written)
  await folder.finish() // E3
  const bytes = [...written.files.values()].reduce((sum, file) => sum + file.bytes.length, 0)
  return {
    runId,
    path,
    events: journal.names.length,
    files: written.files.size,
    bytes,
    renamed: record.renamed,
    findings,
  }
}

function contradiction(runId: string, seq: number): DaybookError {
  return new DaybookError(
    'damaged-run',
    `Event ${seq} of ${runId} is not what the file says that was imported with it. Nothing was written; see: daybook verify --stream run/${runId}`,
  )
}
