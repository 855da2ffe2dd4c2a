import type { Command } from 'commander'
import { counted } from '../audit/counted.ts'
import { openOutput } from '../output-target.ts'
import type { WithSession } from '../session.ts'
import { filterOf, type MessageOptions, stateOption, withPlace } from './inbound-list.ts'

interface ExportOptions extends MessageOptions {
  readonly out?: string
}

export function addInboundExport(program: Command, session: WithSession): void {
  withPlace(
    program
      .command('inbound:export')
      .description(
        'Messages with what they said and all that became of them, as JSON Lines, newest first; the dead ones unless told.',
      )
      .addOption(stateOption().default('dead')),
  )
    .option('--out <file>', 'where to (default: standard output); never over another file')
    .addHelpText(
      'after',
      '\nExamples:\n  daybook inbound:export --out dead.jsonl\n  daybook inbound:export --state completed --source github | jq .result',
    )
    .action(async ({ out, ...options }: ExportOptions, command: Command) => {
      const { connect, remark, shell } = session(command)
      await using daybook = await connect()
      let written = 0
      {
        await using target = await openOutput(shell, out)
        for await (const message of daybook.inbound.exportMessages(filterOf(options), shell.signal)) {
          await target.write(`${JSON.stringify(message)}\n`)
          written += 1
        }
      }
      if (out !== undefined) await remark(`${counted(written, 'message')} in ${out}.`)
    })
}
