import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { checkRun, damagedRun } from './check-run.ts'
import { planImport } from './plan-import.ts'
import { readRunDirectory, type RunDirectory } from './read-directory.ts'
import { sendImport } from './send-import.ts'

/** What became of one run directory. */
export interface RunImport {
  readonly runId: string
  readonly path: string
  readonly outcome: 'imported' | 'extended' | 'already-imported' | 'would-import' | 'refused'
  /** In the directory. */
  readonly events: number
  /** New to the journal. */
  readonly eventsAdded: number
  readonly files: number
  readonly bytes: number
  /** What was deliberately not taken along: artifacts, and leftovers of writes outside the journal. */
  readonly leftOut: readonly string[]
  /** Why it was refused: `damaged-run`, `seq-conflict`, `id-reused` … */
  readonly error?: DaybookError
}

/**
 * Reads, checks and imports one run directory; `daybook` undefined only checks. What is wrong with the run itself is an
 * outcome; what would be wrong for any other run too (the server is away) is thrown.
 */
export async function importRun(path: string, daybook: Daybook | undefined): Promise<RunImport> {
  const directory = await readRunDirectory(path)
  const checked = checkRun(directory)
  if ('findings' in checked) return refused(directory, 0, damagedRun(directory, checked.findings))
  const events = checked.run.events.length
  const planned = planImport(checked.run)
  if ('findings' in planned) return refused(directory, events, damagedRun(directory, planned.findings))
  const said = { ...described(directory), events }
  if (daybook === undefined) return { ...said, outcome: 'would-import', eventsAdded: 0 }
  try {
    return { ...said, ...(await sendImport(daybook, planned.plan)) }
  } catch (error) {
    // A refusal of this run's content; anything that may pass with time concerns all runs.
    if (error instanceof DaybookError && error.retry === 'never') return refused(directory, events, error)
    throw error
  }
}

function refused(directory: RunDirectory, events: number, error: DaybookError): RunImport {
  return { ...described(directory), outcome: 'refused', events, eventsAdded: 0, error }
}

function described({ runId, path, files, leftOut }: RunDirectory): Pick<RunImport, 'runId' | 'path' | 'files' | 'bytes' | 'leftOut'> {
  const bytes = [...files.values()].reduce((sum, file) => sum + file.bytes.length, 0)
  return { runId, path, files: files.size, bytes, leftOut }
}
