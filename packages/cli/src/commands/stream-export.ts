import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import { wholeNumber } from '../option-values.ts'
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
      const { connect, print, remark, shell } = session(command)
      await using daybook = await connect()
      const lines = daybook.verification.bundle(stream, {
        signal: shell.signal,
        ...(since !== undefined && { since }),
      })
      if (out === undefined) {
        for await (const line of lines) await print(line)
        return
      }
      const written = await writeLines(resolve(shell.cwd, out), lines)
      await remark(`${written - 2} events are in ${out}. Verify it: daybook verify --bundle ${out}`)
    })
}

async function writeLines(path: string, lines: AsyncIterable<string>): Promise<number> {
  await using file = await open(path, 'wx').catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `${path} is there already, or cannot be written.`, { cause })
  })
  let written = 0
  for await (const line of lines) {
    await file.appendFile(`${line}\n`)
    written += 1
  }
  await file.sync()
  return written
}
