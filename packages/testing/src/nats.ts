import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findNatsServer as findBinary } from '@daybook/nats-server'
import { freePort } from './free-port.ts'
import { type SupervisedProcess, startProcess } from './process.ts'
import { createTempFolder } from './temp-folder.ts'

/** A real nats-server with JetStream, for one test or one file of tests. Disposing ends it and removes its store. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Its monitoring endpoint, `http://…`. */
  readonly monitorUrl: string
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  /** Everything that the server logged. */
  readonly output: string
  /** Ends it as a crash would (SIGKILL). What it acknowledged is on disk: it syncs each message. */
  kill(): Promise<void>
  /** Starts it again on the same port and store. */
  restart(): Promise<void>
  /** Makes it fall silent without closing connections. */
  pause(): void
  /** Lets it go on after `pause`. */
  resume(): void
}

export interface NatsOptions {
  /** Default: a temporary folder, removed at the end. A folder given here is kept. */
  storeDir?: string
  /** Default: a free one. */
  port?: number
  /** Default: a free one. */
  monitorPort?: number
  /** Default `always`, as in production; NATS' own default is `2m`. */
  syncInterval?: string
  /** Who may connect, as `natsAccounts` of `@daybook/bus` writes it. Default: everybody, without a name. */
  accounts?: string
}

/** As in production. By default it is what the disk has free, and on a small one no stream could be made. */
const FILE_STORE_MAX = '16GB'

/** Enough for an atomic batch of large events in one request. */
const PAYLOAD_MAX = '4MB'

/** A port that was free a moment ago may be taken meanwhile; so often in a row it is not bad luck. */
const TRIES_MAX = 5

/** Starts a nats-server on 127.0.0.1 and waits until it accepts connections. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (tries === TRIES_MAX || !String(error).includes('address already in use')) throw error
    }
  }
}

async function startOnce(options: NatsOptions): Promise<NatsServer> {
  const folder = await createTempFolder()
  try {
    const port = options.port ?? (await freePort())
    const storeDir = options.storeDir ?? join(folder.path, 'jetstream')
    const config = join(folder.path, 'nats.conf')
    const monitorPort = options.monitorPort ?? (await freePort())
    await writeFile(
      config,
      configText({
        port,
        monitorPort,
        storeDir,
        syncInterval: options.syncInterval ?? 'always',
        accounts: options.accounts ?? '',
      }),
    )
    const server = await startProcess({
      command: await findNatsServer(),
      args: ['-c', config],
      readyWhen: /Server is ready/,
    })
    return natsServer(server, { port, monitorPort, storeDir }, folder)
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

function natsServer(
  server: SupervisedProcess,
  { port, monitorPort, storeDir }: { port: number; monitorPort: number; storeDir: string },
  folder: AsyncDisposable,
): NatsServer {
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    storeDir,
    get output() {
      return server.output
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

interface NatsConfig {
  port: number
  monitorPort: number
  storeDir: string
  syncInterval: string
  accounts: string
}

function configText({ port, monitorPort, storeDir, syncInterval, accounts }: NatsConfig): string {
  return `listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: ${PAYLOAD_MAX}
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: ${syncInterval}
  max_file_store: ${FILE_STORE_MAX}
}
${accounts}`
}

/** The nats-server program, see `@daybook/nats-server`. */
export function findNatsServer(): Promise<string> {
  return findBinary(process.env)
}
