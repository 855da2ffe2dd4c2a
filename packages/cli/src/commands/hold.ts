import type { Hold } from '@daybook/client'
import type { Command } from 'commander'
import type { Session, WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

interface HoldOptions {
  readonly reason: string
}

export function addHolds(program: Command, session: WithSession): void {
  program
    .command('hold:set')
    .description('Put a stream under a legal hold: nothing of it can be erased until the hold is released.')
    .argument('<stream>', 'such as run/01K0…; it need not be there yet')
    .requiredOption('--reason <text>', 'why; it is kept')
    .addHelpText('after', "\nExample:\n  daybook hold:set run/01K0… --reason 'case 23-114'")
    .action(async (stream: string, { reason }: HoldOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const hold = await daybook.retention.setHold(stream, { reason })
      await (at.json ? at.printJson(hold) : at.print(`${hold.stream} is under a hold: ${hold.reason}`))
    })
  program
    .command('hold:release')
    .description('Release a legal hold.')
    .argument('<stream>')
    .requiredOption('--reason <text>', 'why; it is kept')
    .addHelpText('after', "\nExample:\n  daybook hold:release run/01K0… --reason 'case closed'")
    .action(async (stream: string, { reason }: HoldOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const hold = await daybook.retention.releaseHold(stream, { reason })
      await (at.json ? at.printJson(hold) : at.print(`${hold.stream} is under no hold any more.`))
    })
  program
    .command('hold:list')
    .description('The streams that are under a legal hold.')
    .addHelpText('after', '\nExample:\n  daybook hold:list --json')
    .action(async (_options: unknown, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      await show(at, await Array.fromAsync(daybook.retention.holds()))
    })
}

async function show({ colour, json, print, printJson, remark }: Session, holds: Hold[]): Promise<void> {
  if (json) await printJson({ holds })
  else if (holds.length === 0) await remark('No stream is under a hold.')
  else await print(table(holds, columns, colour))
}

const columns: readonly Column<Hold>[] = [
  { title: 'STREAM', value: ({ stream }) => stream },
  { title: 'SINCE', value: ({ since }) => since },
  { title: 'BY', value: ({ actor }) => `${actor.kind}:${actor.id}` },
  { title: 'REASON', value: ({ reason }) => reason },
]
