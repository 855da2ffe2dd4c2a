import type { Daybook, Why } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { CronRun } from '@daybook/events'
import type { Command } from 'commander'
import { runStateText } from '../cron/job-text.ts'
import type { WithSession } from '../session.ts'
import { reportSettled, settleEach } from '../settle.ts'

interface SettleOptions extends Why {
  readonly all?: boolean
}

interface RunCommand {
  readonly name: string
  readonly description: string
  /** Those that `--all` means. */
  readonly states: readonly CronRun['state'][]
  readonly all: string
  readonly examples: readonly string[]
  readonly settle: (daybook: Daybook, name: string, run: string, why: Why) => Promise<CronRun>
  readonly outcome: string
}

const runCommands: readonly RunCommand[] = [
  {
    name: 'cron:approve',
    description: 'Have missed times run that wait for a decision (misfire: review), one after the other.',
    states: ['held'],
    all: 'all that wait for a decision, oldest first',
    examples: [
      'daybook cron:approve report 20261101T080000.000Z',
      "daybook cron:approve report --all --reason 'the numbers are needed'",
    ],
    settle: (daybook, name, run, why) => daybook.cron.approve(name, run, why),
    outcome: 'approved',
  },
  {
    name: 'cron:dismiss',
    description: 'Let missed times go that wait for a decision (misfire: review).',
    states: ['held'],
    all: 'all that wait for a decision, oldest first',
    examples: ["daybook cron:dismiss report --all --reason 'nobody reads old reports'"],
    settle: (daybook, name, run, why) => daybook.cron.dismiss(name, run, why),
    outcome: 'dismissed',
  },
  {
    name: 'cron:cancel',
    description:
      'Have runs of a job end. One that is being worked on is asked to, and given up later if need be.',
    states: ['held', 'queued', 'active', 'retrying'],
    all: 'all that have not ended, oldest first',
    examples: [
      "daybook cron:cancel nightly 20261122T020000.000Z --reason 'it costs too much'",
      'daybook cron:cancel nightly --all',
    ],
    settle: (daybook, name, run, why) => daybook.cron.cancel(name, run, why),
    outcome: 'to end',
  },
]

export function addCronSettle(program: Command, session: WithSession): void {
  for (const command of runCommands) addRunCommand(program, session, command)
}

function addRunCommand(program: Command, session: WithSession, asked: RunCommand): void {
  program
    .command(asked.name)
    .description(asked.description)
    .argument('<name>', 'of the job')
    .argument('[runs...]', 'as cron:show and cron:history name them')
    .option('--all', asked.all)
    .option('--reason <text>', 'why; it is kept')
    .addHelpText('after', helpOf(asked.examples))
    .action(async (name: string, runs: string[], options: SettleOptions, command: Command) => {
      const at = session(command)
      if ((options.all === true) === runs.length > 0)
        throw new DaybookError('invalid-usage', 'Name the runs, or choose them by --all.')
      await using daybook = await at.connect()
      const chosen = options.all === true ? await openRuns(daybook, name, asked.states) : runs
      const results = await settleEach(chosen, async (id) => {
        const run = await asked.settle(daybook, name, id, whyOf(options))
        return { id, outcome: asked.outcome, detail: `it is ${runStateText(run)}` }
      })
      await reportSettled(at, results, { id: 'run', none: 'There are none.' })
    })
}

async function openRuns(daybook: Daybook, name: string, states: readonly string[]): Promise<string[]> {
  const { open } = await daybook.cron.get(name)
  return open.filter(({ state }) => states.includes(state)).map(({ run }) => run)
}

interface JobCommand {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  readonly settle: (daybook: Daybook, name: string, why: Why) => Promise<{ readonly state: string }>
  readonly outcome: string
}

const jobCommands: readonly JobCommand[] = [
  {
    name: 'cron:pause',
    description: 'Have nothing started by the times of jobs until they are resumed; what runs goes on.',
    examples: ["daybook cron:pause nightly --reason 'the model is away'"],
    settle: (daybook, name, why) => daybook.cron.pause(name, why),
    outcome: 'paused',
  },
  {
    name: 'cron:resume',
    description:
      'Let jobs run again after a pause, or after they were set aside. What they missed is for their misfire policy.',
    examples: ['daybook cron:resume nightly'],
    settle: (daybook, name, why) => daybook.cron.resume(name, why),
    outcome: 'resumed',
  },
  {
    name: 'cron:delete',
    description:
      'Never run jobs again. What is being worked on ends by itself; their history stays in the journal.',
    examples: ["daybook cron:delete nightly sync --reason 'moved to the new bot'"],
    settle: (daybook, name, why) => daybook.cron.delete(name, why),
    outcome: 'deleted',
  },
]

export function addCronSwitches(program: Command, session: WithSession): void {
  for (const asked of jobCommands)
    program
      .command(asked.name)
      .description(asked.description)
      .argument('<names...>', 'of the jobs')
      .option('--reason <text>', 'why; it is kept')
      .addHelpText('after', helpOf(asked.examples))
      .action(async (names: string[], options: Why, command: Command) => {
        const at = session(command)
        await using daybook = await at.connect()
        const results = await settleEach(names, async (id) => {
          const { state } = await asked.settle(daybook, id, whyOf(options))
          return { id, outcome: asked.outcome, detail: `it is ${state}` }
        })
        await reportSettled(at, results, { id: 'job', none: 'There are none.' })
      })
}

function whyOf({ reason }: Why): Why {
  return reason === undefined ? {} : { reason }
}

function helpOf(examples: readonly string[]): string {
  const lines = examples.map((example) => `\n  ${example}`).join('')
  return `\nOne that is refused does not keep the others from being tried; the exit code is then 1.\n\nExamples:${lines}`
}
