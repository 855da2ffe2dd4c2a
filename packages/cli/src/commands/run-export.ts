import { resolve } from 'node:path'
import type { Daybook } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type Command, Option } from 'commander'
import { type ExportedRun, exportDirectory } from '../export/directory-export.ts'
import { csvLines, jsonLines } from '../export/line-formats.ts'
import { findingLines } from '../import/finding.ts'
import { openOutput } from '../output-target.ts'
import { printable } from '../printable.ts'
import { summaryOf } from '../run-head.ts'
import type { Session, WithSession } from '../session.ts'

type Format = 'files' | 'jsonl' | 'csv' | 'bundle'

interface RunExportOptions {
  readonly format: Format
  readonly out?: string
}

export function addRunExport(program: Command, session: WithSession): void {
  program
    .command('run:export')
    .description(
      'A run in another form: a directory of files as it was imported, or as the file-per-event tool reads it; its events as JSON Lines or CSV; or a bundle that verifies without a server.',
    )
    .argument('<runId>')
    .addOption(
      new Option('--format <format>', 'the form')
        .choices(['files', 'jsonl', 'csv', 'bundle'])
        .default('files'),
    )
    .option(
      '--out <path>',
      'where to, never over anything: a new folder for files (default: the id of the run), a new file otherwise (default: standard output)',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  daybook run:export 01K0… --out .a5c/runs/01K0…\n  daybook run:export 01K0… --format bundle --out run.jsonl && daybook verify --bundle run.jsonl',
    )
    .action(async (runId: string, options: RunExportOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await summaryOf(daybook, runId)
      if (options.format === 'files') await exportFiles(at, daybook, { runId, options })
      else await exportLines(at, daybook, { runId, options })
    })
}

interface Asked {
  readonly runId: string
  readonly options: RunExportOptions
}

async function exportFiles(at: Session, daybook: Daybook, { runId, options }: Asked): Promise<void> {
  const path = resolve(at.shell.cwd, options.out ?? folderName(runId))
  const exported = await exportDirectory(daybook, { runId, path })
  if (at.json) return await at.printJson({ ...exported, format: options.format })
  await at.print(`${exported.events} events of ${runId} are in ${printable(path)}: ${exported.files} files.`)
  for (const remark of remarksOf(exported)) await at.remark(printable(remark))
}

/** The id of a run may hold slashes and dots; a folder is made only of one that is a plain name. */
function folderName(runId: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_@=~+-]*$/.test(runId)) return runId
  throw new DaybookError('invalid-usage', 'The id of this run is no name for a folder. Name one with --out.')
}

function remarksOf({ renamed, findings }: ExportedRun): string[] {
  const names = renamed.map(({ seq, id, ulid }) => `  ${seq}: ${id} became ${ulid}`)
  return [
    ...(names.length === 0 ? [] : ['Ids that did not grow were changed in the names of files:', ...names]),
    ...(findings.length === 0 ? [] : ['A reader of these files will find:', ...findingLines(findings)]),
  ]
}

async function exportLines(at: Session, daybook: Daybook, { runId, options }: Asked): Promise<void> {
  const { format, out } = options
  let lines = 0
  {
    await using target = await openOutput(at.shell, out)
    for await (const line of linesOf(at, daybook, `run/${runId}`, format)) {
      await target.write(line)
      lines += 1
    }
  }
  if (out === undefined) return
  if (at.json) await at.printJson({ runId, format, path: resolve(at.shell.cwd, out), lines })
  else await at.remark(`${lines} lines of ${runId} are in ${printable(out)}.`)
}

async function* linesOf(
  at: Session,
  daybook: Daybook,
  stream: string,
  format: Format,
): AsyncGenerator<string> {
  if (format === 'jsonl') yield* jsonLines(daybook.stream(stream))
  else if (format === 'csv') yield* csvLines(daybook.stream(stream))
  else {
    const lines = daybook.verification.bundle(stream, { signal: at.shell.signal })
    for await (const line of lines) yield `${line}\n`
  }
}
