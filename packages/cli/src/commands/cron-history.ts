import { type CronRun, endedRunStates, openRunStates } from '@daybook/events'
import { type Command, Option } from 'commander'
import { runColumns, timeZoneOf } from '../cron/job-text.ts'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page. */
const pageMax = 100

interface HistoryOptions {
  readonly state?: CronRun['state']
  readonly limit: number
}

export function addCronHistory(program: Command, session: WithSession): void {
  program
    .command('cron:history')
    .description('The runs of a job, newest first, with the times that were skipped or missed, and why.')
    .argument('<name>')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        ...openRunStates,
        ...endedRunStates,
      ]),
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nLATE is from the time of the schedule to the start of the first attempt. What a result says is in --json.\n\nExamples:\n  daybook cron:history nightly\n  daybook cron:history nightly --state failed --limit 5',
    )
    .action(async (name: string, { state, limit }: HistoryOptions, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const filter = { ...(state !== undefined && { state }), limit: Math.min(limit, pageMax) }
      const runs = await firstOf(daybook.cron.runs(name, filter), limit)
      if (json) return await printJson({ runs })
      if (runs.length === 0) return await remark(state === undefined ? 'No runs yet.' : `No ${state} runs.`)
      const job = await daybook.cron.get(name)
      await print(table(runs, runColumns(timeZoneOf(job)), colour))
    })
}
