import type { ReceiveAnswer } from '@daybook/client'
import { DaybookError, type JsonValue } from '@daybook/errors'
import type { Command } from 'commander'
import { instantOption } from '../instant-option.ts'
import { parseNamed, readJsonInput } from '../json-input.ts'
import { printable } from '../printable.ts'
import type { WithSession } from '../session.ts'
import type { Shell } from '../shell.ts'

interface ReceiveOptions {
  readonly file?: string
  readonly eventTime?: string
}

/** Where a message is from. */
type Place = [source: string, account: string, conversation: string, messageId: string]

export function addInboundReceive(program: Command, session: WithSession): void {
  program
    .command('inbound:receive')
    .description('Hand a message in, as a bot does; as often as one likes, since it is recognised by its id.')
    .argument('<source>', 'the platform, as in telegram')
    .argument('<account>', 'the bot or app that it was sent to')
    .argument('<conversation>', 'the chat; where there is none, the user')
    .argument('<message-id>', 'as the platform calls it, the same at each delivery')
    .argument('[payload]', 'what it says, as JSON; - for standard input')
    .option('--file <file>', 'what it says, as a file with JSON')
    .option('--event-time <when>', 'when it was sent: 2026-11-21T08:00Z, or 10m ago', instantOption)
    .addHelpText(
      'after',
      '\nAn id that begins with - and is no number is written behind --. Exit code 0 when Daybook has the message, whatever became of it; 1 when it was refused, as while its source has too much unfinished work.\n\nExamples:\n  daybook inbound:receive telegram support 4711 41 \'{"text":"hello"}\'\n  daybook inbound:receive github ci owner/repo delivery-1 - < body.json',
    )
    .action(async (...given: [...Place, string | undefined, ReceiveOptions, Command]) => {
      const [source, account, conversation, messageId, inline, options, command] = given
      const { connect, json, print, printJson, shell } = session(command)
      const payload = await payloadOf(inline, options.file, shell)
      await using daybook = await connect()
      const { eventTime } = options
      const message = { source, account, conversation, messageId, payload }
      const answer = await daybook.inbound.receive({ ...message, ...(eventTime && { eventTime }) })
      await (json ? printJson(answer) : print(`${answerText(answer)}: ${answer.key}`))
    })
}

async function payloadOf(
  inline: string | undefined,
  file: string | undefined,
  shell: Shell,
): Promise<JsonValue> {
  if ((inline === undefined) === (file === undefined))
    throw new DaybookError(
      'invalid-usage',
      'Say what the message says: as JSON, as - for standard input, or as --file.',
    )
  return inline === undefined || inline === '-'
    ? await readJsonInput(file ?? '-', shell)
    : parseNamed(inline, 'The payload')
}

/** In words what became of it. */
export function answerText(answer: ReceiveAnswer): string {
  switch (answer.outcome) {
    case 'duplicate-in-progress':
      return `duplicate-in-progress (for ${answer.retryAfterMs} ms at most)`
    case 'duplicate-done':
      return answer.result === undefined
        ? 'duplicate-done'
        : `duplicate-done (${printable(JSON.stringify(answer.result))})`
    case 'conflict':
      return `conflict (it is ${answer.state}, with another body)`
    case 'dead':
      return `dead (${printable(answer.reason)})`
    case 'accepted':
    case 'duplicate-pending':
      return answer.outcome
    default:
      return answer satisfies never
  }
}
