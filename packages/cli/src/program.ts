import { DaybookError } from '@daybook/errors'
import { Command, CommanderError } from 'commander'
import { addApprovals } from './commands/approvals.ts'
import { addApprovalsDecide } from './commands/approvals-decide.ts'
import { addApprovalsExport } from './commands/approvals-export.ts'
import { addArchive } from './commands/archive.ts'
import { addAuditReport } from './commands/audit-report.ts'
import { addCronCreate, addCronUpdate } from './commands/cron-create.ts'
import { addCronHistory } from './commands/cron-history.ts'
import { addCronList, addCronShow } from './commands/cron-list.ts'
import { addCronNext, addCronPreview } from './commands/cron-next.ts'
import { addCronBackfill, addCronRunNow } from './commands/cron-run-now.ts'
import { addCronSettle, addCronSwitches } from './commands/cron-settle.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDeadLettersSettle } from './commands/dead-letters-settle.ts'
import { addEventsAppend } from './commands/events-append.ts'
import { addEventsErase } from './commands/events-erase.ts'
import { addEventsTail } from './commands/events-tail.ts'
import { addHealth } from './commands/health.ts'
import { addHolds } from './commands/hold.ts'
import { addInboundExport } from './commands/inbound-export.ts'
import { addInboundList } from './commands/inbound-list.ts'
import { addInboundReceive } from './commands/inbound-receive.ts'
import { addInboundReplay } from './commands/inbound-replay.ts'
import { addInboundSettle } from './commands/inbound-settle.ts'
import { addInboundShow } from './commands/inbound-show.ts'
import { addInboundStats } from './commands/inbound-stats.ts'
import { addProjectionList } from './commands/projection.ts'
import { addProjectionCancel, addProjectionRebuild } from './commands/projection-rebuild.ts'
import { addProjectionVerify } from './commands/projection-verify.ts'
import { addRunAudit } from './commands/run-audit.ts'
import { addRunCancel } from './commands/run-cancel.ts'
import { addRunCreate } from './commands/run-create.ts'
import { addRunDiff, addSessionDiff } from './commands/run-diff.ts'
import { addRunEvents } from './commands/run-events.ts'
import { addRunExport } from './commands/run-export.ts'
import { addRunImport } from './commands/run-import.ts'
import { addRunList } from './commands/run-list.ts'
import { addRunStatus } from './commands/run-status.ts'
import { addRunTail } from './commands/run-tail.ts'
import { addSchemaReads } from './commands/schema.ts'
import { addSchemaAdd } from './commands/schema-add.ts'
import { addSessionCommands } from './commands/session-commands.ts'
import { addSessionList } from './commands/session-list.ts'
import { addSessionShow } from './commands/session-show.ts'
import { addStreamExport } from './commands/stream-export.ts'
import { addTaskCancel } from './commands/task-cancel.ts'
import { addTaskList } from './commands/task-list.ts'
import { addTaskPost } from './commands/task-post.ts'
import { addTaskShow } from './commands/task-show.ts'
import { addTokens } from './commands/token.ts'
import { addUp } from './commands/up.ts'
import { addVerify } from './commands/verify.ts'
import { defaultUrl } from './endpoint.ts'
import { EarlyExit, exitCodes, reportFailure } from './failure.ts'
import { type GlobalOptions, openSession, type WithSession } from './session.ts'
import type { Shell } from './shell.ts'

/** In the order of the help. */
const commands = [
  addUp,
  addRunCreate,
  addRunCancel,
  addRunImport,
  addRunExport,
  addRunList,
  addRunEvents,
  addRunTail,
  addRunStatus,
  addRunDiff,
  addRunAudit,
  addAuditReport,
  addTaskList,
  addTaskShow,
  addTaskPost,
  addTaskCancel,
  addApprovals,
  addApprovalsDecide,
  addApprovalsExport,
  addSessionList,
  addSessionShow,
  addSessionDiff,
  addSessionCommands,
  addEventsAppend,
  addEventsTail,
  addInboundList,
  addInboundShow,
  addInboundReceive,
  addInboundSettle,
  addInboundReplay,
  addInboundStats,
  addInboundExport,
  addCronCreate,
  addCronUpdate,
  addCronList,
  addCronShow,
  addCronHistory,
  addCronNext,
  addCronPreview,
  addCronRunNow,
  addCronBackfill,
  addCronSettle,
  addCronSwitches,
  addDeadLetters,
  addDeadLettersSettle,
  addSchemaReads,
  addSchemaAdd,
  addVerify,
  addStreamExport,
  addEventsErase,
  addHolds,
  addArchive,
  addTokens,
  addProjectionList,
  addProjectionRebuild,
  addProjectionCancel,
  addProjectionVerify,
  addHealth,
]

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
    .option(
      '--token-file <file>',
      'who calls (default: DAYBOOK_TOKEN, else .daybook/token of this folder or one above it)',
    )
    .option('--json', 'machine output: one JSON document on stdout, errors as problem objects on stderr')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, writeErr: write, outputError: () => undefined })
    .exitOverride()
  const session: WithSession = (command) => openSession(shell, command.optsWithGlobals<GlobalOptions>())
  for (const add of commands) add(program, session)
  return program
}
