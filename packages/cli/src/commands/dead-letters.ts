import type { DeadLetter, DeadLetterContent, DeadLetterFilter } from '@daybook/client'
import { type Command, Option } from 'commander'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import { printable } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page. */
const pageMax = 1_000

export interface FilterOptions {
  readonly status: 'open' | 'requeued' | 'dismissed' | 'all'
  readonly source?: string
  readonly code?: string
}

/** The options by which dead letters are chosen. */
export function withFilter(command: Command): Command {
  return command
    .addOption(
      new Option('--status <status>', 'only those in this status')
        .choices(['open', 'requeued', 'dismissed', 'all'])
        .default('open'),
    )
    .option(
      '--source <name>',
      'only those of this consumer: journal-queue, projection-runs, projection-sessions, projection-inbound, projection-cron',
    )
    .option('--code <code>', 'only those refused for this code')
}

export function filterOf({ status, source, code }: FilterOptions): DeadLetterFilter {
  return { ...(status !== 'all' && { status }), ...(source && { source }), ...(code && { code }) }
}

export function addDeadLetters(program: Command, session: WithSession): void {
  addList(program, session)
  program
    .command('dead-letters:show')
    .description('One dead letter with its content and its history.')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  daybook dead-letters:show 01K0…')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const deadLetter = await daybook.deadLetters.get(id)
      await (json ? printJson(deadLetter) : print(linesOf(deadLetter)))
    })
  withFilter(
    program
      .command('dead-letters:export')
      .description('Dead letters with content and history as JSON Lines, newest first.'),
  )
    .addHelpText('after', '\nExample:\n  daybook dead-letters:export --status all > dead-letters.jsonl')
    .action(async (options: FilterOptions, command: Command) => {
      const { connect, printJson, shell } = session(command)
      await using daybook = await connect()
      for await (const letter of daybook.deadLetters.export(filterOf(options), shell.signal)) {
        await printJson(letter)
      }
    })
}

function addList(program: Command, session: WithSession): void {
  withFilter(
    program
      .command('dead-letters:list')
      .description(
        'What came in over the queue and could not be journaled, and events that a projection could not apply; newest first.',
      ),
  )
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook dead-letters:list --limit 10\n  daybook dead-letters:list --status all --source projection-runs',
    )
    .action(async ({ limit, ...options }: FilterOptions & { limit: number }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const page = { ...filterOf(options), limit: Math.min(limit, pageMax) }
      const deadLetters = await firstOf(daybook.deadLetters.list(page), limit)
      if (json) await printJson({ deadLetters })
      else if (deadLetters.length === 0)
        await remark(options.status === 'all' ? 'No dead letters.' : `No ${options.status} dead letters.`)
      else await print(table(deadLetters, columns, colour))
    })
}

const columns: readonly Column<DeadLetter>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'TIMES', align: 'right', value: ({ occurrences }) => occurrences },
  { title: 'SOURCE', value: ({ source }) => source },
  { title: 'CODE', value: ({ code }) => code },
  {
    title: 'ABOUT',
    value: ({ stream, seq, subject }) => (stream === undefined ? subject : `${stream}@${seq}`),
  },
  { title: 'REASON', value: ({ detail }) => detail },
]

function linesOf(letter: DeadLetterContent): string {
  const { headers, body, encoding, decisions, bytes: _bytes, ...facts } = letter
  const lines = Object.entries({ ...facts, headers: JSON.stringify(headers) }).map(
    ([name, value]) => `${name.padEnd(11)}  ${printable(String(value))}`,
  )
  const history = decisions.map(
    ({ at, action, outcome, actor, reason }) =>
      `${at}  ${action}${outcome === undefined ? '' : ` (${outcome})`} by ${actor.kind} ${printable(actor.id)}: ${printable(reason)}`,
  )
  return [
    ...lines,
    ...(history.length === 0 ? [] : ['', ...history]),
    '',
    encoding === 'utf8' ? body.split('\n').map(printable).join('\n') : `(base64) ${body}`,
  ].join('\n')
}
