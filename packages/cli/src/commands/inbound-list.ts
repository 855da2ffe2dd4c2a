import type { MessageFilter } from '@daybook/client'
import { messageStates } from '@daybook/events'
import { type Command, Option } from 'commander'
import { firstOf } from '../first-of.ts'
import { messageColumns } from '../inbound/message-columns.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'
import { table } from '../table.ts'

/** A screen or two. */
const limitDefault = 50
/** What the server gives in one page. */
const pageMax = 1_000

/** Which messages. */
export interface MessageOptions {
  readonly state?: (typeof messageStates)[number]
  readonly source?: string
  readonly account?: string
  readonly conversation?: string
}

/** The options by which messages are chosen besides their state. */
export function withPlace(command: Command): Command {
  return command
    .option('--source <name>', 'only those of this platform, as in telegram')
    .option('--account <name>', 'only those of this bot or app')
    .option('--conversation <id>', 'only those of this chat')
}

export function stateOption(states: readonly string[] = messageStates): Option {
  return new Option('--state <state>', 'only those in this state').choices(states)
}

export function filterOf({ state, source, account, conversation }: MessageOptions): MessageFilter {
  return {
    ...(state !== undefined && { state }),
    ...(source !== undefined && { source }),
    ...(account !== undefined && { account }),
    ...(conversation !== undefined && { conversation }),
  }
}

/** What to ask for so that `limit` of them come. */
export function pageOf(options: MessageOptions, limit = pageMax): MessageFilter {
  return { ...filterOf(options), limit: Math.min(limit, pageMax) }
}

export function addInboundList(program: Command, session: WithSession): void {
  withPlace(
    program
      .command('inbound:list')
      .description('Messages that came in from platforms, and how far they are; newest first.')
      .addOption(stateOption()),
  )
    .option('--limit <n>', 'at most so many', wholeNumber(1), limitDefault)
    .addHelpText(
      'after',
      '\nExamples:\n  daybook inbound:list --state dead\n  daybook inbound:list --source telegram --conversation -1001234 --limit 10',
    )
    .action(async ({ limit, ...options }: MessageOptions & { limit: number }, command: Command) => {
      const { colour, connect, json, print, printJson, remark } = session(command)
      await using daybook = await connect()
      const messages = await firstOf(daybook.inbound.list(pageOf(options, limit)), limit)
      const columns = messageColumns(new Date().toISOString())
      if (json) await printJson({ messages })
      else if (messages.length > 0) await print(table(messages, columns, colour))
      else await remark(options.state === undefined ? 'No messages.' : `No ${options.state} messages.`)
    })
}
