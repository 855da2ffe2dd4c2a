import type { Command } from 'commander'
import { messageLines } from '../inbound/message-lines.ts'
import type { WithSession } from '../session.ts'

export function addInboundShow(program: Command, session: WithSession): void {
  program
    .command('inbound:show')
    .description(
      'One message: where it is, each attempt that failed, other bodies under its id, its replies.',
    )
    .argument('<key>', 'its key, as inbound:list and the answers show it')
    .addHelpText('after', '\nExample:\n  daybook inbound:show 5p3x…')
    .action(async (key: string, _options: unknown, command: Command) => {
      const { connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const message = await daybook.inbound.get(key)
      if (json) await printJson(message)
      else await print(messageLines(message, new Date().toISOString()).join('\n'))
    })
}
