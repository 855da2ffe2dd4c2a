import type { Command } from 'commander'
import { momentHelp, momentOption } from '../moment-option.ts'
import { patchLines, standpointText, valueAt } from '../past.ts'
import type { WithSession } from '../session.ts'

interface DiffOptions {
  readonly from: number | string
  readonly to?: number | string
}

const fromHelp = `as it was after this: ${momentHelp}; 0 is before the first event`
const toHelp = 'up to this, in the same form (default: now)'

export function addRunDiff(program: Command, session: WithSession): void {
  program
    .command('run:diff')
    .description('What changed in a run between two moments: its status, and what it asked for.')
    .argument('<runId>')
    .requiredOption('--from <moment>', fromHelp, momentOption)
    .option('--to <moment>', toHelp, momentOption)
    .addHelpText(
      'after',
      '\nWith --json: the JSON Patch (RFC 6902) of {run, effects}.\n\nExamples:\n  daybook run:diff 01K0… --from 12 --to 20\n  daybook run:diff 01K0… --from 2h --json',
    )
    .action(async (runId: string, { from, to }: DiffOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const difference = await daybook.runs.difference(runId, from, to)
      if (at.json) return await at.printJson({ runId, ...difference })
      await at.remark(`from ${standpointText(difference.from)}, to ${standpointText(difference.to)}`)
      const { run } = await daybook.runs.state(runId, difference.from.seq, 'none')
      const lines = patchLines(difference.patch, (path) => valueAt({ run }, path))
      if (lines.length > 0) await at.print(lines.join('\n'))
      else await at.remark('nothing changed')
    })
}

export function addSessionDiff(program: Command, session: WithSession): void {
  program
    .command('session:diff')
    .description('What changed in a session between two moments.')
    .argument('<session>', 'its id')
    .requiredOption('--from <moment>', fromHelp, momentOption)
    .option('--to <moment>', toHelp, momentOption)
    .addHelpText(
      'after',
      '\nWith --json: the JSON Patch (RFC 6902) of {session, links}.\n\nExample:\n  daybook session:diff 4a7b391e439b3c45f2697e90c6f2c686 --from 1',
    )
    .action(async (sessionId: string, { from, to }: DiffOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const difference = await daybook.sessions.difference(sessionId, from, to)
      if (at.json) return await at.printJson({ sessionId, ...difference })
      await at.remark(`from ${standpointText(difference.from)}, to ${standpointText(difference.to)}`)
      const { session: before } = await daybook.sessions.state(sessionId, difference.from.seq)
      const lines = patchLines(difference.patch, (path) => valueAt({ session: before }, path))
      if (lines.length > 0) await at.print(lines.join('\n'))
      else await at.remark('nothing changed')
    })
}
