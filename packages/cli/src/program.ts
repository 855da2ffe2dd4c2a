import { DaybookError } from '@daybook/errors'
import { Command, CommanderError } from 'commander'
import { addArchive } from './commands/archive.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDeadLettersSettle } from './commands/dead-letters-settle.ts'
import { addEventsAppend } from './commands/events-append.ts'
import { addEventsErase } from './commands/events-erase.ts'
import { addEventsTail } from './commands/events-tail.ts'
import { addHealth } from './commands/health.ts'
import { addHolds } from './commands/hold.ts'
import { addProjectionList } from './commands/projection.ts'
import { addProjectionCancel, addProjectionRebuild } from './commands/projection-rebuild.ts'
import { addProjectionVerify } from './commands/projection-verify.ts'
import { addRunEvents } from './commands/run-events.ts'
import { addRunImport } from './commands/run-import.ts'
import { addRunList } from './commands/run-list.ts'
import { addRunStatus } from './commands/run-status.ts'
import { addSchemaReads } from './commands/schema.ts'
import { addSchemaAdd } from './commands/schema-add.ts'
import { addStreamExport } from './commands/stream-export.ts'
import { addUp } from './commands/up.ts'
import { addVerify } from './commands/verify.ts'
import { defaultUrl } from './endpoint.ts'
import { EarlyExit, exitCodes, reportFailure } from './failure.ts'
import { type GlobalOptions, openSession, type WithSession } from './session.ts'
import type { Shell } from './shell.ts'

/**
 * Runs one command line (without the names of the interpreter and the script) and returns the exit code: 0 for success,
 * 1 when the operation failed, 2 when the command was not used as it is meant. Never throws, never ends the process.
 */
export async function runCli(args: readonly string[], shell: Shell): Promise<number> {
  const help: string[] = []
  const program = buildProgram(shell, (text) => help.push(text))
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCodes.success
  } catch (error) {
    if (error instanceof EarlyExit) return error.exitCode
    if (!(error instanceof CommanderError)) return await reportFailure(error, shell, args.includes('--json'))
    if (error.exitCode === 0) {
      await shell.stdout.write(help.join(''))
      return exitCodes.success
    }
    if (error.code === 'commander.help') {
      await shell.stderr.write(help.join(''))
      return exitCodes.badUsage
    }
    return await reportFailure(usageError(error, args), shell, args.includes('--json'))
  }
}

function usageError(error: CommanderError, args: readonly string[]): DaybookError {
  const command = args.find((arg) => !arg.startsWith('-'))
  const known = command !== undefined && error.code !== 'commander.unknownCommand'
  const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  return new DaybookError(
    'invalid-usage',
    `${text}${/[.?)]$/.test(text) ? '' : '.'} See: daybook ${known ? `${command} ` : ''}--help`,
  )
}

function buildProgram(shell: Shell, write: (text: string) => void): Command {
  const program = new Command('daybook')
    .description('The durable journal for AI agents: import, watch and query runs.')
    .option(
      '--url <url>',
      `the gateway (default: DAYBOOK_URL, else the stack started in this folder, else ${defaultUrl})`,
    )
    .option('--json', 'machine output: one JSON document on stdout, errors as problem objects on stderr')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, writeErr: write, outputError: () => undefined })
    .exitOverride()
  const session: WithSession = (command) => openSession(shell, command.optsWithGlobals<GlobalOptions>())
  const commands = [
    addUp,
    addRunImport,
    addRunList,
    addRunEvents,
    addRunStatus,
    addEventsAppend,
    addEventsTail,
    addDeadLetters,
    addDeadLettersSettle,
    addSchemaReads,
    addSchemaAdd,
    addVerify,
    addStreamExport,
    addEventsErase,
    addHolds,
    addArchive,
    addProjectionList,
    addProjectionRebuild,
    addProjectionCancel,
    addProjectionVerify,
    addHealth,
  ]
  for (const add of commands) add(program, session)
  return program
}
