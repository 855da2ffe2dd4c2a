import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DaybookError } from '@daybook/errors'
import { adoptStreams } from './adopt-streams.ts'

export interface NatsServerOptions {
  /** Path of the binary, see `findNatsServer`. */
  binary: string
  host: string
  port: number
  /** The server keeps its streams, configuration and log here. */
  storeDir: string
  /** Who may connect. Without it, everybody. */
  accounts?: NatsAccounts
  /** How long it may take to start; 20,000 by default: the first start on a slow disk takes about a second. */
  readyWithinMs?: number
}

/** Who may connect to a server, and whose its streams are. */
export interface NatsAccounts {
  /** The blocks `accounts` and `authorization` of its configuration. */
  config: string
  /** The account that has the streams: those that were kept before there were accounts become its own. */
  streamsOf: string
}

/** A running server. Disposing it stops it in good order; the store stays. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string
  readonly storeDir: string
  readonly pid: number | undefined
  /** Ends the process at once, as a crash would, and leaves it dead until `restart`. */
  kill(): Promise<void>
  /** Starts a killed server again on the same port and store. */
  restart(): Promise<void>
}

const READY_WITHIN_MS = 20_000
const STOP_WITHIN_MS = 10_000
const PROBE_EVERY_MS = 25
/** A server that dies at once, again and again, should not fill the log. */
const RESTART_AFTER_MS = 500

const CONFIG = 'nats.conf'
const PID = 'nats.pid'

function configText({ host, port, storeDir, accounts }: NatsServerOptions): string {
  return [
    `listen: "${host}:${port}"`,
    // An append request may hold 1,000 events.
    'max_payload: 4MB',
    `pid_file: "${join(storeDir, PID)}"`,
    `log_file: "${join(storeDir, 'nats.log')}"`,
    // The default syncs every two minutes and loses acknowledged messages at a power cut.
    `jetstream { store_dir: "${storeDir}", sync_interval: always, max_memory_store: 64MB, max_file_store: 16GB }`,
    accounts?.config ?? '',
  ].join('\n')
}

/** Whether a server greets on the port: NATS sends INFO as soon as one connects. */
function greets(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const done = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('data', (data) => done(data.toString().startsWith('INFO')))
    socket.once('error', () => done(false))
    socket.setTimeout(1_000, () => done(false))
  })
}

/** Ends a server that a killed parent left behind: it would hold the store, and two servers on one store ruin it. */
async function endLeftover(storeDir: string): Promise<void> {
  const pid = Number(await readFile(join(storeDir, PID), 'utf8').catch(() => ''))
  if (!Number.isSafeInteger(pid) || pid <= 0) return
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  // The number may belong to another program by now.
  if (!command.includes(join(storeDir, CONFIG))) return
  process.kill(pid, 'SIGTERM')
  const deadline = Date.now() + STOP_WITHIN_MS
  while (Date.now() < deadline && isAlive(pid)) await delay(PROBE_EVERY_MS)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

class Server implements NatsServer {
  readonly url: string
  readonly storeDir: string
  readonly #options: NatsServerOptions
  #child: ChildProcess | undefined
  /** Whether the server should be running; if so and it is not, it is started again. */
  #wanted = false

  constructor(options: NatsServerOptions) {
    this.#options = options
    this.url = `nats://${options.host}:${options.port}`
    this.storeDir = options.storeDir
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async restart(): Promise<void> {
    this.#wanted = true
    this.#spawn()
    const { host, port, readyWithinMs = READY_WITHIN_MS } = this.#options
    const deadline = Date.now() + readyWithinMs
    while (!(await greets(host, port))) {
      if (Date.now() > deadline)
        throw new DaybookError(
          'unavailable',
          `nats-server did not start within ${readyWithinMs} ms. Its log is ${join(this.storeDir, 'nats.log')}.`,
        )
      await delay(PROBE_EVERY_MS)
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM')
  }

  #spawn(): void {
    // A group of its own: Ctrl-C at the terminal must reach the services first, which still have to drain.
    const child = spawn(this.#options.binary, ['--config', join(this.storeDir, CONFIG)], {
      stdio: 'ignore',
      detached: true,
    })
    this.#child = child
    child.once('error', () => {})
    child.once('exit', () => {
      if (this.#wanted && this.#child === child)
        setTimeout(() => this.#wanted && this.#spawn(), RESTART_AFTER_MS).unref()
    })
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#wanted = false
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await exited
    clearTimeout(timer)
  }
}

/** Starts a server and waits until it greets. Throws `unavailable` when it does not. */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  await mkdir(options.storeDir, { recursive: true, mode: 0o700 })
  await endLeftover(options.storeDir)
  if (options.accounts !== undefined) await adoptStreams(options.storeDir, options.accounts.streamsOf)
  await writeFile(join(options.storeDir, CONFIG), configText(options))
  const server = new Server(options)
  try {
    await server.restart()
    return server
  } catch (error) {
    await server.kill()
    throw error
  }
}
