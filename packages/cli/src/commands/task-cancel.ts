import type { Command } from 'commander'
import type { WithSession } from '../session.ts'

interface TaskCancelOptions {
  readonly reason?: string
}

export function addTaskCancel(program: Command, session: WithSession): void {
  program
    .command('task:cancel')
    .description('Withdraw an effect: nobody needs its result any more, and none is taken.')
    .argument('<runId>')
    .argument('<effectId>')
    .option('--reason <text>', 'why; it is kept')
    .addHelpText('after', "\nExample:\n  daybook task:cancel 01K0… 01K1… --reason 'asked for twice'")
    .action(async (runId: string, effectId: string, { reason }: TaskCancelOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const why = reason === undefined ? {} : { reason }
      const { receipts } = await daybook.runs.cancelEffect(effectId, why, { runId })
      if (at.json) await at.printJson({ runId, effectId, status: 'cancelled', receipts })
      else await at.print(`${effectId} is cancelled`)
    })
}
