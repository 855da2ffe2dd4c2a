import type { ReplayAnswer } from '@daybook/client'
import type { Command } from 'commander'
import { counted } from '../audit/counted.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface ReplayOptions {
  readonly dryRun?: boolean
  readonly rate?: number
  readonly source?: string
}

export function addInboundReplay(program: Command, session: WithSession): void {
  program
    .command('inbound:replay')
    .description(
      'Settle leases that ran out and offer what is due, at once: of each conversation its first message, oldest first.',
    )
    .option('--dry-run', 'only tell what would be taken up')
    .option('--rate <n>', 'at most so many messages a second (default: as fast as it goes)', wholeNumber(1))
    .option('--source <name>', 'only those of this platform')
    .addHelpText(
      'after',
      '\nThe service does so by itself all the time; this is for who does not want to wait.\n\nExamples:\n  daybook inbound:replay --dry-run\n  daybook inbound:replay --source telegram --rate 5',
    )
    .action(async ({ dryRun, rate, source }: ReplayOptions, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const request = {
        ...(dryRun === true && { dryRun }),
        ...(rate !== undefined && { rate }),
        ...(source !== undefined && { source }),
      }
      const answer = await daybook.inbound.replay(request)
      if (json) return await printJson(answer)
      if (answer.messages.length > 0) await print(table(answer.messages, columns, colour))
      await remark(outcomeOf(answer, dryRun === true))
    })
}

/** What is due may be more than one call takes up, or lists. */
function outcomeOf({ messages, total }: ReplayAnswer, isDryRun: boolean): string {
  if (total === 0) return 'Nothing is due.'
  if (isDryRun) return `${counted(total, 'message')} would be taken up.`
  const rest = messages.length < total ? ` of ${total}; run it again for the others` : ''
  return `${counted(messages.length, 'message')} taken up${rest}.`
}

const columns: readonly Column<ReplayAnswer['messages'][number]>[] = [
  { title: 'WAS', value: ({ was }) => was },
  { title: 'IS', value: ({ state }) => state },
  { title: 'LANE', value: ({ lane }) => lane },
  { title: 'KEY', value: ({ key }) => key },
]
