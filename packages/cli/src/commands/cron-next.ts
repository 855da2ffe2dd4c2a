import type { NextOptions, NextTime, NextTimes } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import { type ScheduleOptions, scheduleOf, withSchedule } from '../cron/schedule-options.ts'
import { laterHelp, laterOption } from '../later-option.ts'
import { wholeNumber } from '../option-values.ts'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface NextCommandOptions {
  readonly count: number
  readonly from?: string
}

/** As many as the server tells at once. */
const COUNT_MAX = 100
const COUNT_DEFAULT = 10

export function addCronNext(program: Command, session: WithSession): void {
  withCount(
    program
      .command('cron:next')
      .description('The next times of a job, in local time and in UTC, and where a clock change plays in.')
      .argument('<name>'),
  )
    .addHelpText('after', '\nExample:\n  daybook cron:next nightly -n 3 --from 2027-03-27')
    .action(async (name: string, options: NextCommandOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await tell(at, await daybook.cron.next(name, askedOf(options)))
    })
}

export function addCronPreview(program: Command, session: WithSession): void {
  withCount(
    withSchedule(
      program
        .command('cron:preview')
        .description('The times of a schedule that is no job yet; says what is wrong with one.'),
    ),
  )
    .addHelpText(
      'after',
      "\nExamples:\n  daybook cron:preview --cron '30 2 * * *' --timezone Europe/Berlin --from 2027-03-26\n  daybook cron:preview --every 90m",
    )
    .action(async (options: NextCommandOptions & ScheduleOptions, command: Command) => {
      const at = session(command)
      const schedule = scheduleOf(options)
      if (schedule === undefined)
        throw new DaybookError('invalid-usage', 'Say when: --cron, --every or --at.')
      await using daybook = await at.connect()
      await tell(at, await daybook.cron.preview(schedule, askedOf(options)))
    })
}

function withCount(command: Command): Command {
  return command
    .option('-n, --count <n>', 'how many', wholeNumber(1, COUNT_MAX), COUNT_DEFAULT)
    .option('--from <when>', `times after this; ${laterHelp} (default: now)`, laterOption)
}

function askedOf({ count, from }: NextCommandOptions): NextOptions {
  return { n: count, ...(from !== undefined && { from }) }
}

async function tell({ colour, json, print, printJson, remark }: Session, times: NextTimes): Promise<void> {
  if (json) await printJson(times)
  else if (times.next.length > 0) await print(table(times.next, columns, colour))
  else await remark('There is no next time.')
}

const columns: readonly Column<NextTime>[] = [
  { title: 'LOCAL', value: ({ local }) => local },
  { title: 'UTC', value: ({ at }) => at },
  { title: 'NOTE', value: ({ note }) => note ?? '' },
]
