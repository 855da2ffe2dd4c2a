import type { ReadJob } from '@daybook/client'
import { jobPhases } from '@daybook/events'
import { type Command, Option } from 'commander'
import { jobLines } from '../cron/job-lines.ts'
import { jobColumns } from '../cron/job-text.ts'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page. */
const pageMax = 100

interface ListOptions {
  readonly state?: ReadJob['state']
  readonly limit: number
}

export function addCronList(program: Command, session: WithSession): void {
  program
    .command('cron:list')
    .description(
      'Jobs, by their names: when each runs next, in local time and in UTC, and how its last run ended.',
    )
    .addOption(new Option('--state <state>', 'only those in this state').choices([...jobPhases, 'ended']))
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nLocal is the time zone of the schedule; that of this machine where it has none.\n\nExamples:\n  daybook cron:list\n  daybook cron:list --state set-aside --json',
    )
    .action(async ({ state, limit }: ListOptions, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const filter = { ...(state !== undefined && { state }), limit: Math.min(limit, pageMax) }
      const jobs = await firstOf(daybook.cron.list(filter), limit)
      if (json) await printJson({ jobs })
      else if (jobs.length > 0) await print(table(jobs, jobColumns(new Date().toISOString()), colour))
      else await remark(state === undefined ? 'No jobs.' : `No ${state} jobs.`)
    })
}

export function addCronShow(program: Command, session: WithSession): void {
  program
    .command('cron:show')
    .description('One job: when it runs, what it does, by which policies, and its runs that have not ended.')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  daybook cron:show nightly')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const job = await daybook.cron.get(name)
      if (json) await printJson(job)
      else await print(jobLines(job, new Date().toISOString()).join('\n'))
    })
}
