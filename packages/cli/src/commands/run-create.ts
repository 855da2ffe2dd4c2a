import { createUlids } from '@daybook/events'
import type { Command } from 'commander'
import { type Entrypoint, entrypointOption } from '../entrypoint-option.ts'
import { keepLarge, readJsonInput } from '../json-input.ts'
import type { WithSession } from '../session.ts'

interface RunCreateOptions {
  readonly processId: string
  readonly entry: Entrypoint
  readonly runId?: string
  readonly inputs?: string
  readonly processRevision?: string
  readonly request?: string
  readonly prompt?: string
  readonly harness?: string
  readonly sessionId?: string
  readonly parentRunId?: string
}

export function addRunCreate(program: Command, session: WithSession): void {
  program
    .command('run:create')
    .description('Create a run: its first event. Whoever runs the process goes on from there.')
    .requiredOption('--process-id <id>', 'which process')
    .requiredOption('--entry <module#export>', 'its code, as in release.mjs#process', entrypointOption)
    .option('--run-id <id>', 'the id of the run; with it, the command may be repeated (default: a new ULID)')
    .option('--inputs <file>', 'its inputs as JSON; - for standard input')
    .option('--process-revision <text>', 'which revision of the code')
    .option('--request <text>', 'what was asked for, as a person said it')
    .option('--prompt <text>', 'what the agent was told')
    .option('--harness <name>', 'what the agent runs in')
    .option('--session-id <id>', 'the session that it belongs to')
    .option('--parent-run-id <id>', 'the run that asked for it')
    .addHelpText(
      'after',
      '\nExample:\n  daybook run:create --process-id demo/release --entry release.mjs#process --inputs inputs.json',
    )
    .action(async (options: RunCreateOptions, command: Command) => {
      const at = session(command)
      const { entry: given, inputs, runId = createUlids()(), ...named } = options
      const read = inputs === undefined ? undefined : await readJsonInput(inputs, at.shell)
      await using daybook = await at.connect()
      const { receipts } = await daybook.runs.create({
        ...named,
        runId,
        entrypoint: given,
        ...(read !== undefined && { inputs: await keepLarge(daybook, read) }),
      })
      const entry = `${given.importPath}#${given.exportName}`
      if (at.json) await at.printJson({ runId, runDir: null, entry, receipts })
      else await at.print(`${runId} ${receipts.length === 0 ? 'was created before' : 'is created'}`)
    })
}
