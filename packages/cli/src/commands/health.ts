import type { HealthCheck } from '@daybook/client'
import { DaybookError } from '@daybook/errors'
import type { Command } from 'commander'
import type { WithSession } from '../session.ts'
import { type Column, table } from '../table.ts'

export function addHealth(program: Command, session: WithSession): void {
  program
    .command('health')
    .description('Whether Daybook and all it needs can work; exit code 1 if not.')
    .addHelpText('after', '\nExample:\n  daybook health --json')
    .action(async (_options: unknown, command: Command) => {
      const { colour, connect, json, print, printJson } = session(command)
      await using daybook = await connect()
      const health = await daybook.health()
      if (json) await printJson(health)
      else await print(table(Object.entries(health.checks), columns, colour))
      if (!health.ready)
        throw new DaybookError(
          'unavailable',
          'Daybook is not ready. See which check failed, and the log of that service.',
        )
    })
}

const columns: readonly Column<[string, HealthCheck]>[] = [
  { title: 'CHECK', value: ([name]) => name },
  { title: 'STATE', value: ([, { ok }]) => (ok ? 'ok' : 'failed') },
  { title: 'REASON', value: ([, { reason }]) => reason ?? '' },
]
