import type { DeadLetter, DeadLetterContent } from '@daybook/client'
import type { Command } from 'commander'
import { firstOf } from '../first-of.ts'
import { wholeNumber } from '../option-values.ts'
import { printable } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page. */
const pageMax = 1_000

export function addDeadLetters(program: Command, session: WithSession): void {
  program
    .command('dead-letters:list')
    .description('What came in over the queue and could not be journaled, newest first.')
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText('after', '\nExample:\n  daybook dead-letters:list --limit 10')
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const deadLetters = await firstOf(daybook.deadLetters.list({ limit: Math.min(limit, pageMax) }), limit)
      if (json) await printJson({ deadLetters })
      else if (deadLetters.length === 0) await remark('No dead letters.')
      else await print(table(deadLetters, columns, colour))
    })
  program
    .command('dead-letters:show')
    .description('One dead letter with its content.')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  daybook dead-letters:show 01K0…')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const deadLetter = await daybook.deadLetters.get(id)
      await (json ? printJson(deadLetter) : print(linesOf(deadLetter)))
    })
}

const columns: readonly Column<DeadLetter>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
  { title: 'TIMES', align: 'right', value: ({ occurrences }) => occurrences },
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'CODE', value: ({ code }) => code },
  { title: 'REASON', value: ({ detail }) => detail },
]

function linesOf(letter: DeadLetterContent): string {
  const { id, subject, code, detail, occurrences, firstSeenAt, lastSeenAt, headers, body, encoding } = letter
  const facts = {
    id,
    subject,
    code,
    detail,
    occurrences,
    firstSeenAt,
    lastSeenAt,
    headers: JSON.stringify(headers),
  }
  const lines = Object.entries(facts).map(
    ([name, value]) => `${name.padEnd(11)}  ${printable(String(value))}`,
  )
  return [
    ...lines,
    '',
    encoding === 'utf8' ? body.split('\n').map(printable).join('\n') : `(base64) ${body}`,
  ].join('\n')
}
