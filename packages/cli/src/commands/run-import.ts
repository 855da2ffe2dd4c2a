import { DaybookError, toProblem } from '@daybook/errors'
import { type Command, Option } from 'commander'
import { findRuns } from '../import/find-runs.ts'
import { findingLines } from '../import/finding.ts'
import { type ImportOptions, importRun, type RunImport } from '../import/import-run.ts'
import { printable } from '../printable.ts'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface RunImportOptions {
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly lenient?: boolean
}

export function addRunImport(program: Command, session: WithSession): void {
  program
    .command('run:import')
    .description(
      'Import runs from directories of files, whole: events with their first times and ids, tasks, results, blobs. A damaged run is refused, with what is wrong with each file.',
    )
    .argument('<dir...>', 'run directories, folders of runs, or project folders with .a5c/runs')
    .option('--dry-run', 'only check the directories; no server is needed')
    .addOption(new Option('--strict', 'refuse a damaged run (the default)').conflicts('lenient'))
    .option('--lenient', 'import what is sound of a damaged run, and mark the run as damaged')
    .addHelpText(
      'after',
      '\nImporting a run again changes nothing. Exit code 1 when a run was refused.\n\nExamples:\n  daybook run:import ./my-project\n  daybook run:import ./my-project --lenient --dry-run',
    )
    .action(async (dirs: string[], options: RunImportOptions, command: Command) => {
      const at = session(command)
      const paths = (await Promise.all(dirs.map(findRuns))).flat()
      const runs = await importAll(at, [...new Set(paths)], options)
      if (at.json) await at.printJson({ runs: runs.map(toJson) })
      else await at.print(table(runs, columns, at.colour))
      failIfRefused(runs)
    })
}

async function importAll(
  at: Session,
  paths: readonly string[],
  { dryRun = false, lenient = false }: RunImportOptions,
): Promise<RunImport[]> {
  if (dryRun) return await eachRun(at, paths, { daybook: undefined, lenient })
  await using daybook = await at.connect()
  return await eachRun(at, paths, { daybook, lenient })
}

/** One after the other: a run is held in memory while it is imported. */
async function eachRun(at: Session, paths: readonly string[], options: ImportOptions): Promise<RunImport[]> {
  const runs: RunImport[] = []
  for (const [index, path] of paths.entries()) {
    const run = await importRun(path, options)
    runs.push(run)
    if (paths.length > 1) await at.remark(`[${index + 1}/${paths.length}] ${run.runId} ${run.outcome}`)
    if (run.leftOut.length > 0) await at.remark(printable(`  left out: ${run.leftOut.join(', ')}`))
    if (run.findings.length > 0) await at.remark(damageReport(run))
  }
  return runs
}

function damageReport({ runId, findings }: RunImport): string {
  const leftOut = findings.filter((finding) => finding.leftOut === true).length
  const head = `The run ${runId} is marked as damaged: ${findings.length} findings, ${leftOut} files with events were left out.`
  return [head, ...findingLines(findings)].map(printable).join('\n')
}

function toJson({ error, ...run }: RunImport): object {
  return error === undefined ? run : { ...run, error: toProblem(error) }
}

/** One refused run is its own error; several are told together. */
function failIfRefused(runs: readonly RunImport[]): void {
  const errors = runs.flatMap(({ error }) => error ?? [])
  const [first] = errors
  if (first === undefined) return
  if (errors.length === 1) throw first
  const head = `${errors.length} of ${runs.length} runs were refused; the others are fine.`
  const code = errors.every((error) => error.code === first.code) ? first.code : 'damaged-run'
  throw new DaybookError(code, [head, ...errors.map((error) => error.message)].join('\n\n'), {
    details: { refused: errors.map((error) => ({ ...toProblem(error) })) },
  })
}

const columns: readonly Column<RunImport>[] = [
  { title: 'RUN', value: (run) => run.runId },
  { title: 'OUTCOME', value: (run) => run.outcome },
  { title: 'EVENTS', align: 'right', value: (run) => run.events },
  { title: 'NEW', align: 'right', value: (run) => run.eventsAdded },
  { title: 'FILES', align: 'right', value: (run) => run.files },
  { title: 'BYTES', align: 'right', value: (run) => run.bytes },
  { title: 'DIRECTORY', value: (run) => run.path },
]
