import type { Daybook, Decision } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import { type Command, Option } from 'commander'
import type { WithSession } from '../session.ts'
import { reportSettled, type Settled, settleEach } from '../settle.ts'
import { type FilterOptions, filterOf, withFilter } from './dead-letters.ts'

interface SettleOptions extends FilterOptions {
  readonly reason: string
  readonly all?: boolean
}

type Settle = (daybook: Daybook, id: string, decision: Decision) => Promise<Settled>

export function addDeadLettersSettle(program: Command, session: WithSession): void {
  addSettle(program, session, {
    name: 'dead-letters:requeue',
    description:
      'Try again: a message of the queue is appended, an event is applied with all that was left out after it.',
    examples: [
      "daybook dead-letters:requeue 01K0… --reason 'the producer was mended'",
      "daybook dead-letters:requeue --all --source projection-runs --reason 'deployed 1.4.2'",
    ],
    settle: requeue,
  })
  addSettle(program, session, {
    name: 'dead-letters:dismiss',
    description: 'Take note: it is kept with the reason, and is not among the open ones.',
    examples: ["daybook dead-letters:dismiss 01K0… --reason 'a test of the staging bot'"],
    settle: dismiss,
  })
}

interface SettleCommand {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  readonly settle: Settle
}

function addSettle(
  program: Command,
  session: WithSession,
  { name, description, examples, settle }: SettleCommand,
): void {
  withFilter(program.command(name).description(description).argument('[ids...]'))
    .requiredOption('--reason <text>', 'why; it is kept')
    .addOption(new Option('--all', 'all that fit --status, --source and --code instead of ids'))
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`.trimEnd())
    .action(async (ids: string[], options: SettleOptions, command: Command) => {
      const at = session(command)
      if ((options.all === true) === ids.length > 0)
        throw new DaybookError(
          'invalid-usage',
          'Name the dead letters by their ids, or choose them by --all.',
        )
      await using daybook = await at.connect()
      const chosen = options.all === true ? await oldestFirst(daybook, options) : ids
      const decision = { reason: options.reason }
      const results = await settleEach(chosen, (id) => settle(daybook, id, decision))
      await reportSettled(at, results, { id: 'id', none: 'No dead letters fit.' })
    })
}

/** In the order in which they came, in which a producer's requests make sense. */
async function oldestFirst(daybook: Daybook, options: FilterOptions): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of daybook.deadLetters.list({ ...filterOf(options), limit: 1_000 })) ids.push(id)
  return ids.toReversed()
}

async function requeue(daybook: Daybook, id: string, decision: Decision): Promise<Settled> {
  const { deadLetter, receipts } = await daybook.deadLetters.requeue(id, decision)
  const positions = receipts.map(({ position, duplicate }) => `${position}${duplicate ? ' (duplicate)' : ''}`)
  return deadLetter.stream === undefined
    ? { id, outcome: 'appended', detail: `at ${positions.join(', ')}` }
    : { id, outcome: 'requeued', detail: `${deadLetter.source} takes up ${deadLetter.stream} again` }
}

async function dismiss(daybook: Daybook, id: string, decision: Decision): Promise<Settled> {
  const { detail } = await daybook.deadLetters.dismiss(id, decision)
  return { id, outcome: 'dismissed', detail }
}
