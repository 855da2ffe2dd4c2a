import type { Command } from 'commander'
import { EarlyExit } from '../failure.ts'
import { wholeNumber } from '../option-values.ts'
import type { WithSession } from '../session.ts'

interface UpOptions {
  readonly port?: number
  readonly natsPort?: number
  readonly data?: string
  readonly sources?: string
  readonly fresh?: boolean
  readonly newEra?: boolean
}

const port = wholeNumber(1, 65_535)

export function addUp(program: Command, session: WithSession): void {
  program
    .command('up')
    .description('Run Daybook on this machine: database, NATS and all services in one process, until Ctrl-C.')
    .option('--port <port>', 'HTTP port; the next free one from here on is taken', port)
    .option('--nats-port <port>', 'NATS port; the next free one from here on is taken', port)
    .option('--data <folder>', 'where the data is kept (default: .daybook)')
    .option('--sources <file>', 'limits and webhooks of sources (default: sources.json in the data folder)')
    .option('--fresh', 'delete the data of this folder first')
    .option('--new-era', 'the data was put back from an older copy: publish and project it all anew')
    .addHelpText('after', '\nExample:\n  daybook up --port 7500 --data /var/lib/daybook')
    .action(async (options: UpOptions, command: Command) => {
      const { shell } = session(command)
      // Loaded only here: no other command needs the database and the services in its memory.
      const { runStack } = await import('@daybook/stack')
      const { port, natsPort, data, sources, fresh, newEra } = options
      const exitCode = await runStack({
        env: shell.env,
        ...(port === undefined ? {} : { port }),
        ...(natsPort === undefined ? {} : { natsPort }),
        ...(data === undefined ? {} : { data }),
        ...(sources === undefined ? {} : { sourcesFile: sources }),
        ...(fresh === undefined ? {} : { fresh }),
        ...(newEra === undefined ? {} : { newEra }),
      })
      // It has already said why.
      if (exitCode !== 0) throw new EarlyExit(exitCode)
    })
}
