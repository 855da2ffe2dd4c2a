import type { RunFilter } from '@daybook/client'
import type { RunSummary } from '@daybook/events'
import type { Command } from 'commander'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface RunListOptions {
  readonly status?: string
  readonly process?: string
  readonly session?: string
  readonly limit: number
}

/** A screen or two. */
const limitDefault = 50

export function addRunList(program: Command, session: WithSession): void {
  program
    .command('run:list')
    .description('The runs in the journal, newest first.')
    .option(
      '--status <status>',
      'only runs in this status: created, running, waiting, completed, failed, cancelled',
    )
    .option('--process <processId>', 'only runs of this process')
    .option('--session <sessionId>', 'only runs of this session')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText('after', '\nExample:\n  daybook run:list --status waiting')
    .action(async (options: RunListOptions, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const runs = await firstOf(daybook.runs.list(filterOf(options)), options.limit)
      if (json) await printJson({ runs })
      else if (runs.length === 0) await remark('No runs. Import some: daybook run:import <dir>')
      else await print(table(runs, columns, colour))
    })
}

/** What the server gives in one page; more are fetched page by page. */
const pageMax = 1_000

function filterOf({ status, process, session, limit }: RunListOptions): RunFilter {
  return {
    limit: Math.min(limit, pageMax),
    ...(status === undefined ? {} : { status }),
    ...(process === undefined ? {} : { processId: process }),
    ...(session === undefined ? {} : { sessionId: session }),
  }
}

const columns: readonly Column<RunSummary>[] = [
  { title: 'RUN', value: (run) => run.runId },
  { title: 'STATUS', value: (run) => run.status },
  { title: 'PENDING', align: 'right', value: (run) => run.effectsPending },
  { title: 'EFFECTS', align: 'right', value: (run) => run.effectsTotal },
  { title: 'EVENTS', align: 'right', value: (run) => run.lastSeq },
  { title: 'UPDATED', value: (run) => run.updatedAt },
  { title: 'PROCESS', value: (run) => run.processId },
]
