import { relative, resolve } from 'node:path'
import { findNatsServer } from '@daybook/nats-server'
import { aborted, createLogger, type Environment, runUntilSignalled } from '@daybook/runtime'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { findFreePort } from './ports.ts'
import { openStack, type Stack } from './stack.ts'

export interface RunStackOptions {
  /** HTTP port; the next free one is taken where it is in use. Default 7400. */
  port?: number
  /** NATS port, likewise. Default 4222. */
  natsPort?: number
  /** The data directory. Default `.daybook`. */
  data?: string
  /** A JSON file with the limits and webhooks of sources of inbound messages. Default: `sources.json` in the data directory. */
  sourcesFile?: string
  /** Forget everything that was kept there. */
  fresh?: boolean
  /** The data was restored from a copy of the directory: say so to whoever has read from it. */
  newEra?: boolean
  /** Where to look for nats-server: `DAYBOOK_NATS_SERVER`, `DAYBOOK_CACHE`, `PATH`; and for the secrets that `sourcesFile` names. */
  env: Environment
}

const HTTP_PORT = 7400
const NATS_PORT = 4222
const HOST = '127.0.0.1'

/**
 * Runs the embedded stack until a signal stops it, telling a person at a terminal how it goes. Answers the exit code.
 * Throws what kept it from starting: `unavailable` (the data directory is open elsewhere, there is no nats-server),
 * `port-in-use`, `migration-failed`.
 */
export async function runStack(options: RunStackOptions): Promise<number> {
  const logger = createLogger({ service: 'daybook', level: 'warn', pretty: process.stdout.isTTY })
  let failure: Error | undefined
  const code = await runUntilSignalled(
    async (signal) => {
      await serve(options, signal).catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error))
      })
    },
    { logger },
  )
  if (failure !== undefined) throw failure
  return code
}

async function serve(options: RunStackOptions, signal: AbortSignal): Promise<void> {
  const wanted = { http: options.port ?? HTTP_PORT, nats: options.natsPort ?? NATS_PORT }
  const natsServer = await findNatsServer(options.env)
  await using data = await openDataDirectory(resolve(options.data ?? '.daybook'), {
    fresh: options.fresh ?? false,
  })
  const ports = { http: await findFreePort(wanted.http, HOST), nats: await findFreePort(wanted.nats, HOST) }
  await using stack = await openStack({
    data,
    host: HOST,
    httpPort: ports.http,
    natsPort: ports.nats,
    natsServer,
    logLevel: 'warn',
    newEra: options.newEra ?? false,
    ...(options.sourcesFile !== undefined && { sourcesFile: resolve(options.sourcesFile) }),
    environment: options.env,
    onStep: (step) => print(`  ${step} …`),
  })
  await data.announce({ http: stack.httpUrl, nats: stack.natsUrl, pid: process.pid })
  print(banner(stack, data, takenNotes(wanted, ports)))
  await aborted(signal)
  print('\nStopping …')
}

/** The embedded Postgres is not asked whether it is safe, as a server is: it is known not to be (docs/decisions/0007). */
const POWER_NOTE = 'It survives crashes, not power cuts. For a record that counts, use a Postgres server.'

function takenNotes(wanted: { http: number; nats: number }, got: { http: number; nats: number }): string[] {
  const notes = []
  if (wanted.http !== got.http)
    notes.push(`Port ${wanted.http} is taken by another program: HTTP listens on ${got.http} instead.`)
  if (wanted.nats !== got.nats)
    notes.push(`Port ${wanted.nats} is taken by another program: NATS listens on ${got.nats} instead.`)
  return notes
}

function banner({ httpUrl, natsUrl }: Stack, { path, tokenFile }: DataDirectory, notes: string[]): string {
  const data = relative(process.cwd(), path)
  // The command looks for a running stack in ./.daybook; elsewhere it must be told.
  const url = data === '.daybook' ? '' : ` --url ${httpUrl} --token-file ${tokenFile}`
  return [
    '',
    'Daybook is running.',
    `  HTTP   ${httpUrl}   (API description: ${httpUrl}/docs)`,
    `  NATS   ${natsUrl}`,
    `  data   ${path}`,
    `  token  ${tokenFile}   (opens everything; the daybook command finds it by itself)`,
    ...[...notes, POWER_NOTE].map((note) => `  note   ${note}`),
    '',
    'Try, in a second terminal in this folder:',
    `  npx daybook events:tail${url}`,
    `  npx daybook run:import examples/runs/release${url}`,
    `  npx daybook run:list${url}`,
    '',
    'Ctrl-C stops it; the data stays.',
  ].join('\n')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
