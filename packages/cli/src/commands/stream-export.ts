import type { Command } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { openOutput } from '../output-target.ts'
import type { WithSession } from '../session.ts'

interface StreamExportOptions {
  readonly out?: string
  readonly since?: number
}

export function addStreamExport(program: Command, session: WithSession): void {
  program
    .command('stream:export')
    .description('One stream as a bundle: its events with what proves them, to be verified without a server.')
    .argument('<kind/id>', 'such as run/01K0…')
    .option('--out <file>', 'where to (default: standard output); never over another file')
    .option(
      '--since <size>',
      'prove that the checkpoint continues an older one, of so many events',
      wholeNumber(1),
    )
    .addHelpText('after', '\nExample:\n  daybook stream:export run/01K0… --out run.jsonl')
    .action(async (stream: string, { out, since }: StreamExportOptions, command: Command) => {
      const { connect, remark, shell } = session(command)
      await using daybook = await connect()
      const lines = daybook.verification.bundle(stream, {
        signal: shell.signal,
        ...(since !== undefined && { since }),
      })
      let written = 0
      {
        await using target = await openOutput(shell, out)
        for await (const line of lines) {
          await target.write(`${line}\n`)
          written += 1
        }
      }
      if (out !== undefined)
        await remark(`${written - 2} events are in ${out}. Verify it: daybook verify --bundle ${out}`)
    })
}
