import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from './free-port.ts'
import { type SupervisedProcess, startProcess } from './process.ts'
import { createTempFolder } from './temp-folder.ts'

/** A real nats-server with JetStream, for one test or one file of tests. Disposing ends it and removes its store. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
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
}

/** Servers before this version have known holes. */
const VERSION_FLOOR = [2, 14, 3]

/** Enough for an atomic batch of large events in one request. */
const PAYLOAD_MAX = '4MB'

/** Starts a nats-server on 127.0.0.1 and waits until it accepts connections. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const folder = await createTempFolder()
  try {
    const port = options.port ?? (await freePort())
    const storeDir = options.storeDir ?? join(folder.path, 'jetstream')
    const config = join(folder.path, 'nats.conf')
    await writeFile(config, configText(port, storeDir))
    const server = await startProcess({
      command: findNatsServer(),
      args: ['-c', config],
      readyWhen: /Server is ready/,
    })
    return natsServer(server, { port, storeDir }, folder)
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

function natsServer(
  server: SupervisedProcess,
  { port, storeDir }: { port: number; storeDir: string },
  folder: AsyncDisposable,
): NatsServer {
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
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

function configText(port: number, storeDir: string): string {
  return `listen: "127.0.0.1:${port}"
max_payload: ${PAYLOAD_MAX}
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: always
}
`
}

/**
 * The nats-server program: the one that DAYBOOK_NATS_SERVER names, else the PATH's if it is new enough, else the newest
 * in the cache that infra/bootstrap.mjs fills.
 */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env): string {
  if (env['DAYBOOK_NATS_SERVER']) return env['DAYBOOK_NATS_SERVER']
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'))
  const usable = [...onPath.filter((path) => existsSync(path) && isNewEnough(path)), ...listCached(env)]
  const [first] = usable
  if (!first)
    throw new Error('there is no nats-server: run `node infra/bootstrap.mjs setup`, which fetches it')
  return first
}

/** The servers in the cache, newest first. Its layout is that of infra/bootstrap/cache.mjs. */
function listCached(env: NodeJS.ProcessEnv): string[] {
  const cache = env['DAYBOOK_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'daybook')
  const names = existsSync(cache) ? readdirSync(cache) : []
  return names
    .filter((name) => name.startsWith('nats-server-'))
    .toSorted(new Intl.Collator('en', { numeric: true }).compare)
    .toReversed()
    .map((name) => join(cache, name, 'nats-server'))
    .filter((path) => existsSync(path))
}

function isNewEnough(path: string): boolean {
  const version = /v(\d+)\.(\d+)\.(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))
  const parts = version?.slice(1).map(Number) ?? []
  const difference = VERSION_FLOOR.map((floor, i) => (parts[i] ?? 0) - floor).find((by) => by !== 0)
  return difference === undefined || difference > 0
}
