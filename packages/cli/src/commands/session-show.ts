import type { ReadRun, ReadSession } from '@daybook/client'
import type { Command } from 'commander'
import { momentHelp, momentOption } from '../moment-option.ts'
import { printable } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'
import { printSessionAt } from './session-show-at.ts'

/** The newest ones; all of them: daybook run:list, or --json. */
const runsShownMax = 20

export function addSessionShow(program: Command, session: WithSession): void {
  program
    .command('session:show')
    .description('One session: whose it is, where it branched from, and its runs, newest first.')
    .argument('<session>', 'its id')
    .option('--at <moment>', `as it was: ${momentHelp}; with the runs that were linked by then`, momentOption)
    .addHelpText('after', '\nExample:\n  daybook session:show 4a7b391e439b3c45f2697e90c6f2c686 --json')
    .action(async (sessionId: string, { at: moment }: { at?: number | string }, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      if (moment !== undefined) return await printSessionAt(at, daybook, { sessionId, moment })
      const found = await daybook.sessions.get(sessionId)
      const runs = await Array.fromAsync(daybook.sessions.runs(sessionId))
      if (at.json) return await at.printJson({ ...found, runs })
      await at.print(linesOf(found).join('\n'))
      if (runs.length > 0) await at.print(`\n${table(runs.slice(0, runsShownMax), columns, at.colour)}`)
      if (runs.length > runsShownMax)
        await at.remark(`${runs.length - runsShownMax} older runs are not shown; --json has all of them.`)
    })
}

function linesOf(found: ReadSession): string[] {
  const { parent, parked, faultsTotal } = found
  const lines: [string, string | undefined][] = [
    ['session', found.sessionId],
    ['key', found.sessionKey],
    ['title', found.title === undefined ? undefined : `${found.title} (${found.titleBy})`],
    ['status', found.status],
    ['of', found.principal],
    ['channel', found.channel],
    ['epoch', String(found.epoch)],
    ['branch', found.branchState],
    ['parent', parent && `${parent.sessionId}, from run ${parent.fromRunId}`],
    ['branches', found.branches === 0 ? undefined : String(found.branches)],
    ['events', `${found.lastSeq}, the last one ${found.lastEventType} at ${found.updatedAt}`],
    ['started', found.startedAt],
    ['archived', found.archivedAt],
    ['parked', parked && `from event ${parked.seq} on: daybook dead-letters:show ${parked.deadLetterId}`],
    [
      'faults',
      faultsTotal === 0 ? undefined : `${faultsTotal} events that the state did not allow; see --json`,
    ],
  ]
  return lines.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : `${name.padEnd(8)}  ${printable(value)}`,
  )
}

const columns: readonly Column<ReadRun>[] = [
  { title: 'RUN', value: ({ runId }) => runId },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'UPDATED', value: ({ updatedAt }) => updatedAt },
  { title: 'PROCESS', value: ({ processId }) => processId },
]
