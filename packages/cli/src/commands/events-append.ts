import { DaybookError } from '@daybook/errors'
import { createUlids, type Draft, decodeUtf8, type Receipt } from '@daybook/events'
import type { Command } from 'commander'
import { parseDrafts } from '../drafts-input.ts'
import { readInput } from '../input.ts'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

export function addEventsAppend(program: Command, session: WithSession): void {
  program
    .command('events:append')
    .description('Append events: one AppendRequest, which is all or nothing, or drafts as JSON Lines.')
    .argument('[file]', 'the file to read; - or nothing for standard input')
    .addHelpText(
      'after',
      `\nExample:\n  echo '{"stream":"run/r1","type":"RUN_CANCEL_REQUESTED","data":{"reason":"too slow"}}' | daybook events:append`,
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const at = session(command)
      const requests = parseDrafts(decodeUtf8(await readInput(file, at.shell)), createUlids())
      await using daybook = await at.connect()
      const receipts: Receipt[] = []
      for (const { events, expect } of requests) {
        const result = await daybook
          .append(events, expect === undefined ? {} : { expect })
          .catch((error: unknown) => {
            throw told(error, events, receipts.length)
          })
        receipts.push(...result.receipts)
      }
      await show(at, receipts)
    })
}

/**
 * JSON Lines of more than one request's worth are not atomic; who appends them must know how far it came. And who gave
 * the drafts no ids must know which they got, to see whether they arrived.
 */
function told(error: unknown, events: readonly Draft[], appended: number): unknown {
  if (!(error instanceof DaybookError)) return error
  const before = appended === 0 ? '' : ` The ${appended} drafts before these are appended.`
  const details = {
    ...error.details,
    appended,
    ...(error.code === 'timeout' && { ids: events.map(({ id }) => id) }),
  }
  return new DaybookError(error.code, `${error.message}${before}`, { cause: error, details })
}

async function show(at: Session, receipts: readonly Receipt[]): Promise<void> {
  if (at.json) await at.printJson({ receipts })
  else await at.print(table(receipts, columns, at.colour))
}

const columns: readonly Column<Receipt>[] = [
  { title: 'POSITION', align: 'right', value: ({ position }) => position },
  { title: 'STREAM', value: ({ stream }) => stream },
  { title: 'SEQ', align: 'right', value: ({ seq }) => seq },
  { title: 'ID', value: ({ id }) => id },
  { title: '', value: ({ duplicate }) => (duplicate ? 'was there already' : 'appended') },
]
