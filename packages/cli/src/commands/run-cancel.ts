import type { Command } from 'commander'
import type { WithSession } from '../session.ts'

interface RunCancelOptions {
  readonly reason?: string
  readonly now?: boolean
}

export function addRunCancel(program: Command, session: WithSession): void {
  program
    .command('run:cancel')
    .description(
      'Cancel a run: at once when it waits, or has not begun; a running one is asked to stop, and ends when its process does.',
    )
    .argument('<runId>')
    .option('--reason <text>', 'why; it is kept')
    .option('--now', 'do not ask whoever runs the process; what it still appends is refused')
    .addHelpText('after', "\nExample:\n  daybook run:cancel 01K0… --reason 'too slow'")
    .action(async (runId: string, { reason, now = false }: RunCancelOptions, command: Command) => {
      const at = session(command)
      await using daybook = await at.connect()
      const { receipts } = await daybook.runs.cancel(runId, { now, ...(reason !== undefined && { reason }) })
      const minPosition = receipts.at(-1)?.position ?? 0
      const { status, cancelRequestedAt = null } = await daybook.runs.get(runId, { minPosition })
      if (at.json) return await at.printJson({ runId, status, cancelRequestedAt, receipts })
      await at.print(
        status === 'cancelled' ? `${runId} is cancelled` : `${runId} is ${status}, and was asked to stop`,
      )
    })
}
