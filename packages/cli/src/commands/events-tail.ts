import { DaybookError } from '@daybook/errors'
import type { JournalEvent } from '@daybook/events'
import type { Command } from 'commander'
import { list, wholeNumber } from '../option-values.ts'
import { printable, short } from '../printable.ts'
import type { WithSession } from '../session.ts'
import { remarks } from '../tail-remarks.ts'

interface EventsTailOptions {
  readonly after?: number
  readonly kinds?: string[]
  readonly types?: string[]
  readonly streams?: string[]
  readonly actors?: string[]
  readonly last?: number
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
    .option('--streams <streams>', 'only these streams, as in run/01K0…,session/ann', list)
    .option('--actors <actors>', 'only what these appended, as in user:ann,agent:planner', list)
    .option('--last <n>', 'show the last so many first, at most 100', wholeNumber(1, 100))
    .option('--limit <n>', 'end after so many', wholeNumber(1))
    .addHelpText('after', '\nExample:\n  daybook events:tail --kinds run --after 0')
    .action(async (options: EventsTailOptions, command: Command) => {
      const { connect, json, print, printJson, remark, shell } = session(command)
      await using daybook = await connect()
      const { last, limit, ...filter } = options
      requireAlone(options)
      const show = (event: JournalEvent) => (json ? printJson(event) : print(lineOf(event)))
      const recent = last === undefined ? [] : await daybook.recentEvents(last)
      const shown = recent.slice(0, limit)
      for (const event of shown) await show(event)
      const after = filter.after ?? recent.at(-1)?.position ?? 'now'
      const told = { ...filter, after, signal: shell.signal, ...remarks(remark) } as const
      let count = shown.length
      if (count === limit) return
      for await (const event of daybook.subscribe(told)) {
        await show(event)
        count += 1
        if (count === limit) return
      }
    })
}

/** The last events are those of the whole journal. */
function requireAlone({ last, limit: _limit, ...filter }: EventsTailOptions): void {
  if (last === undefined || Object.keys(filter).length === 0) return
  throw new DaybookError('invalid-usage', '--last cannot be combined with --after or with a filter.')
}

/** As much of the data as usually fits on a line. */
const dataCharsMax = 100

function lineOf({ position, recordedAt, stream, type, data }: JournalEvent): string {
  return `${String(position).padStart(8)}  ${recordedAt}  ${printable(stream)}  ${type}  ${short(JSON.stringify(data), dataCharsMax)}`
}
