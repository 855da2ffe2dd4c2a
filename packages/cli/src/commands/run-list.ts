import type { Daybook, ReadRun, RunFilter } from '@daybook/client'
import { durationText, moneyText } from '@daybook/events'
import { type Command, Option } from 'commander'
import { instantOption } from '../instant-option.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface RunListOptions {
  readonly status?: string
  readonly process?: string
  readonly session?: string
  readonly since?: string
  readonly until?: string
  readonly sort?: 'created' | 'ended' | 'duration'
  readonly reverse?: boolean
  readonly limit: number
}

/** A screen or two. */
const limitDefault = 50

export function addRunList(program: Command, session: WithSession): void {
  program
    .command('run:list')
    .description('The runs in the journal, newest first: how long they took, and what they cost.')
    .option(
      '--status <status>',
      'only runs in this status: created, running, waiting, completed, failed, cancelled',
    )
    .option('--process <processId>', 'only runs of this process')
    .option('--session <sessionId>', 'only runs of this session')
    .option('--since <instant>', 'only runs created then or later: 2026-11-21, or 24h (ago)', instantOption)
    .option('--until <instant>', 'only runs created before', instantOption)
    .addOption(
      new Option(
        '--sort <by>',
        'by created (default), ended or duration; the last two list only runs that have ended',
      ).choices(['created', 'ended', 'duration']),
    )
    .option('--reverse', 'the oldest, or the shortest, first')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook run:list --status waiting\n  daybook run:list --since 24h --sort duration --limit 10',
    )
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

function filterOf(options: RunListOptions): RunFilter {
  const { status, process, session, since, until, sort, reverse, limit } = options
  return {
    limit: Math.min(limit, pageMax),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(sort === undefined ? {} : { sort }),
    ...(reverse === true ? { order: 'asc' } : {}),
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
  {
    title: 'TOOK',
    align: 'right',
    value: ({ durationMs }) => (durationMs === undefined ? '' : durationText(durationMs)),
  },
  { title: 'COST', align: 'right', value: ({ costs }) => (costs === undefined ? '' : moneyText(costs)) },
  { title: 'UPDATED', value: (run) => run.updatedAt },
  { title: 'PROCESS', value: (run) => run.processId },
]
