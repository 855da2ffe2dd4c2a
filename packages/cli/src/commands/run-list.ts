import type { Daybook, ReadRun, RunFilter } from '@daybook/client'
import type { Command } from 'commander'
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
      const { runs, parked } = await readRuns(daybook, options)
      if (json) return await printJson({ runs, parked })
      if (runs.length > 0) await print(table(runs, columns, colour))
      else if (parked === 0) await remark('No runs. Import some: daybook run:import <dir>')
      if (parked > 0) await remark(`${parked} ${leftOutRemark}`)
    })
}

const leftOutRemark =
  'of all runs are left out from an event on, or wholly: daybook dead-letters:list --source projection-runs'

async function readRuns(
  daybook: Daybook,
  options: RunListOptions,
): Promise<{ runs: readonly ReadRun[]; parked: number }> {
  const runs: ReadRun[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await daybook.runs.page({ ...filterOf(options), ...(cursor !== undefined && { cursor }) })
    runs.push(...page.items)
    cursor = page.next
    if (cursor === undefined || runs.length >= options.limit)
      return { runs: runs.slice(0, options.limit), parked: page.parked ?? 0 }
  }
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

const columns: readonly Column<ReadRun>[] = [
  { title: 'RUN', value: (run) => run.runId },
  { title: 'STATUS', value: ({ status, parked }) => (parked === undefined ? status : `${status} (parked)`) },
  { title: 'PENDING', align: 'right', value: (run) => run.effectsPending },
  { title: 'EFFECTS', align: 'right', value: (run) => run.effectsTotal },
  { title: 'EVENTS', align: 'right', value: (run) => run.lastSeq },
  { title: 'UPDATED', value: (run) => run.updatedAt },
  { title: 'PROCESS', value: (run) => run.processId },
]
