import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { checkRun, damagedRun } from './check-run.ts'
import type { Finding } from './finding.ts'
import { planImport } from './plan-import.ts'
import { type RunDirectory, readRunDirectory } from './read-directory.ts'
import { salvageRun } from './salvage-run.ts'
import { sendImport } from './send-import.ts'

/** What became of one run directory. */
export interface RunImport {
  readonly runId: string
  readonly path: string
  readonly outcome: 'imported' | 'extended' | 'already-imported' | 'would-import' | 'refused'
  /** In the directory; 0 when they cannot be told. */
  readonly events: number
  /** New to the journal. */
  readonly eventsAdded: number
  readonly files: number
  readonly bytes: number
  /** What was deliberately not taken along: artifacts, and leftovers of writes outside the journal. */
  readonly leftOut: readonly string[]
  /** What was wrong with a directory that was imported nevertheless. */
  readonly findings: readonly Finding[]
  /** Why it was refused: `damaged-run`, `seq-conflict`, `id-reused` … */
  readonly error?: DaybookError
}

export interface ImportOptions {
  /** Undefined only checks. */
  readonly daybook: Daybook | undefined
  /** Imports what is sound of a damaged run, and marks it so. */
  readonly lenient: boolean
}

/**
 * Reads, checks and imports one run directory. What is wrong with the run itself is an outcome; what would be wrong for
 * any other run too (the server is away) is thrown.
 */
export async function importRun(path: string, { daybook, lenient }: ImportOptions): Promise<RunImport> {
  const directory = await readRunDirectory(path)
  const checked = lenient ? salvageRun(directory) : checkRun(directory)
  const said = described(directory, checked)
  if ('findings' in checked) return refused(said, damagedRun(said, checked.findings))
  const planned = planImport(checked.run, lenient)
  if ('findings' in planned) return refused(said, damagedRun(said, planned.findings))
  const { plan } = planned
  const { findings } = plan
  if (daybook === undefined) return { ...said, findings, outcome: 'would-import', eventsAdded: 0 }
  try {
    return { ...said, findings, ...(await sendImport(daybook, plan)) }
  } catch (error) {
    // A refusal of this run's content; anything that may pass with time concerns all runs.
    if (error instanceof DaybookError && error.retry === 'never') return refused(said, error)
    throw error
  }
}

type Described = Omit<RunImport, 'outcome' | 'eventsAdded' | 'findings' | 'error'>

function described({ path, files, leftOut }: RunDirectory, checked: ReturnType<typeof checkRun>): Described {
  const bytes = [...files.values()].reduce((sum, file) => sum + file.bytes.length, 0)
  const { runId, events } =
    'run' in checked
      ? { runId: checked.run.runId, events: checked.run.events.length }
      : { runId: checked.runId, events: 0 }
  return { runId, path, events, files: files.size, bytes, leftOut }
}

/** What was wrong is in the error. */
function refused(said: Described, error: DaybookError): RunImport {
  return { ...said, findings: [], outcome: 'refused', eventsAdded: 0, error }
}
