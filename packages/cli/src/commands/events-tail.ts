import type { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import type { Command } from 'commander'
import { list, wholeNumber } from '../option-values.ts'
import { printable, short } from '../printable.ts'
import type { WithSession } from '../session.ts'

interface EventsTailOptions {
  readonly after?: number
  readonly kinds?: string[]
  readonly types?: string[]
  readonly limit?: number
}

export function addEventsTail(program: Command, session: WithSession): void {
  program
    .command('events:tail')
    .description(
      'The events of the whole journal as they are committed, until Ctrl-C; with --json one event a line.',
    )
    .option(
      '--after <position>',
      'begin behind this position; 0 is the beginning (default: only new events)',
      wholeNumber(0),
    )
    .option('--kinds <kinds>', 'only streams of these kinds, as in run,import', list)
    .option('--types <types>', 'only these types, as in RUN_CREATED,RUN_FAILED', list)
    .option('--limit <n>', 'end after so many', wholeNumber(1))
    .addHelpText('after', '\nExample:\n  daybook events:tail --kinds run --after 0')
    .action(async (options: EventsTailOptions, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      const { after = 'now', limit, ...filter } = options
      const onReconnect = ({ message }: DaybookError): void => void remark(`${message} Trying again.`)
      let shown = 0
      for await (const event of daybook.subscribe({ after, ...filter, signal: shell.signal, onReconnect })) {
        await (json ? printJson(event) : print(lineOf(event)))
        shown += 1
        if (shown === limit) return
      }
    })
}

/** As much of the data as usually fits on a line. */
const dataCharsMax = 100

function lineOf({ position, recordedAt, stream, type, data }: JournalEvent): string {
  return `${String(position).padStart(8)}  ${recordedAt}  ${printable(stream)}  ${type}  ${short(JSON.stringify(data), dataCharsMax)}`
}
