import type { Daybook, JobChange, ReadJob } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import { type DefinitionOptions, definitionOf, withDefinition } from '../cron/definition-input.ts'
import { timeZoneOf } from '../cron/job-text.ts'
import { localText } from '../cron/local-text.ts'
import { list, wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'

/** Members that a job can be without. */
const OPTIONAL = ['description', 'startAt', 'endAt', 'maxRuns', 'timeoutMs'] as const

interface UpdateOptions extends DefinitionOptions {
  readonly without?: readonly string[]
  readonly ifRevision?: number
}

export function addCronCreate(program: Command, session: WithSession): void {
  withDefinition(
    program
      .command('cron:create')
      .description('Have something done on a schedule. The same command again is no error.')
      .argument('<name>', 'what the job is known by: letters, digits, _ and -'),
  )
    .addHelpText('after', CREATE_EXAMPLES)
    .action(async (name: string, options: DefinitionOptions, command: Command) => {
      const { connect, json, print, printJson, shell } = session(command)
      const { schedule, action, ...rest } = await definitionOf(options, shell)
      if (schedule === undefined) throw usage('Say when: --cron, --every, --at, or a --file that says so.')
      if (action === undefined)
        throw usage('Say what: --run, --append, --publish, --deliver, or a --file that says so.')
      await using daybook = await connect()
      const job = await daybook.cron.create({ ...rest, name, schedule, action })
      await (json ? printJson(job) : print(`${name} is ${job.state}; ${nextText(job)}`))
    })
}

export function addCronUpdate(program: Command, session: WithSession): void {
  withDefinition(
    program
      .command('cron:update')
      .description(
        'Change a job from now on: what is not said stays as it is, and what runs already goes on.',
      )
      .argument('<name>'),
  )
    .option('--without <members>', `take these away: ${OPTIONAL.join(', ')}`, list)
    .option('--if-revision <n>', 'only if it still has this one, as cron:show tells it', wholeNumber(1))
    .addHelpText('after', UPDATE_EXAMPLES)
    .action(async (name: string, options: UpdateOptions, command: Command) => {
      const { connect, json, print, printJson, shell } = session(command)
      const { without = [], ifRevision } = options
      const { name: _ofFile, ...said } = await definitionOf(options, shell)
      const change = { ...said, ...withoutMembers(without) }
      if (Object.keys(change).length === 0) throw usage('Say what is to be otherwise.')
      await using daybook = await connect()
      const job = await daybook.cron.update(name, {
        ...(await withWholeRetry(daybook, name, change)),
        ...(ifRevision !== undefined && { ifRevision }),
      })
      await (json ? printJson(job) : print(`${name} has revision ${job.revision}; ${nextText(job)}`))
    })
}

/** The API takes `retry` whole: of which an option says one half, the other one stays as it is, unless somebody changes it meanwhile. */
async function withWholeRetry(daybook: Daybook, name: string, change: JobChange): Promise<JobChange> {
  const { maxAttempts, backoffMs } = change.retry ?? {}
  if ((maxAttempts === undefined) === (backoffMs === undefined)) return change
  const { definition, revision } = await daybook.cron.get(name)
  return { ifRevision: revision, ...change, retry: { ...definition?.retry, ...change.retry } }
}

/** When it runs next, in local time and in UTC. */
function nextText(job: ReadJob): string {
  const { nextAt } = job
  return nextAt ? `next at ${localText(nextAt, timeZoneOf(job))} (${nextAt})` : 'no next time'
}

function withoutMembers(names: readonly string[]): JobChange {
  const known = OPTIONAL.filter((name) => names.includes(name))
  if (known.length < new Set(names).size)
    throw usage(`--without takes of these: ${OPTIONAL.join(', ')}. Everything else has a default.`)
  return Object.fromEntries(known.map((name) => [name, null]))
}

function usage(message: string): DaybookError {
  return new DaybookError('invalid-usage', message)
}

const CREATE_EXAMPLES = `
Examples:
  daybook cron:create nightly --cron '0 3 * * *' --timezone Europe/Berlin --run demo/digest --entrypoint digest.mjs#digest
  daybook cron:create sync --every 15m --deliver --payload '{"what":"calendar"}' --concurrency replace --timeout 10m
  daybook cron:create remind-ada --at 2026-12-24T18:00+01:00 --append reminder-due --stream user/ada --data '{"text":"call"}'
  daybook cron:create report --cron '0 9 * * MON#1' --publish reports.monthly --misfire review
  daybook cron:create nightly --file nightly.json

Try a schedule before: daybook cron:preview --cron '0 3 * * *' --timezone Europe/Berlin`

const UPDATE_EXAMPLES = `
Examples:
  daybook cron:update nightly --cron '30 2 * * *' --timezone Europe/Berlin
  daybook cron:update sync --max-attempts 5 --backoff 30s --without timeoutMs
  daybook cron:update nightly --file nightly.json --if-revision 7`
