import { type ChildProcess, spawn } from 'node:child_process'
import { announce } from './reaper.ts'
import { waitFor } from './wait-for.ts'

/** How a process is to be run. */
export interface ProcessSpec {
  command: string
  args?: readonly string[]
  /** Added to the environment of the tests; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>
  cwd?: string
  /** Run it as another user, which only root can. */
  user?: { uid: number; gid: number }
  /** When it can be used: a pattern in its output, or a check that succeeds. Default: at once. */
  readyWhen?: RegExp | (() => unknown)
  /** How long it may take to be ready. Default 30,000. */
  readyTimeoutMs?: number
  /** What `stop` sends. Default SIGTERM. */
  stopSignal?: 'SIGTERM' | 'SIGINT' | 'SIGQUIT'
}

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that does not end on the stop signal within this time is killed. */
const STOPPING_MS_MAX = 15_000

/** How much of the output an error message shows. */
const OUTPUT_SHOWN_CHARS = 4_000

/**
 * Starts a process and waits until it is ready. It ends with the tests at the latest. A process that ends early or is
 * not ready in time is an error that shows the end of its output.
 */
export async function startProcess(spec: ProcessSpec): Promise<SupervisedProcess> {
  const supervised = new SupervisedProcess(spec)
  await supervised.restart()
  return supervised
}

/** A child process that a test can kill, pause and start again. Disposing kills it. */
export class SupervisedProcess implements AsyncDisposable {
  readonly #spec: ProcessSpec
  #run: Run | undefined
  #output = ''

  constructor(spec: ProcessSpec) {
    this.#spec = spec
  }

  /** The process id of the present, or last, start. */
  get pid(): number {
    return this.#current.pid
  }

  /** Everything that it wrote so far, both streams, over all its starts. */
  get output(): string {
    return this.#output
  }

  /** Resolves when the process of the present start has ended. */
  get ended(): Promise<ProcessEnd> {
    return this.#current.ended
  }

  /** Kills it outright (SIGKILL), as a crash would, and waits until it is gone. Tolerates that it has ended already. */
  async kill(): Promise<void> {
    this.#run?.signal('SIGKILL')
    await this.#run?.ended
  }

  /** Asks it to stop and waits for its end. */
  async stop(): Promise<ProcessEnd> {
    const run = this.#current
    run.signal(this.#spec.stopSignal ?? 'SIGTERM')
    const deadline = setTimeout(() => run.signal('SIGKILL'), STOPPING_MS_MAX)
    try {
      return await run.ended
    } finally {
      clearTimeout(deadline)
    }
  }

  /** Starts it again with the same command line (killing it first where it still runs) and waits until it is ready. */
  async restart(): Promise<void> {
    await this.kill()
    const outputBefore = this.#output.length
    const run = new Run(this.#spec, (text) => (this.#output += text))
    this.#run = run
    try {
      await this.#untilReady(run, outputBefore)
    } catch (error) {
      await this.kill()
      const shown = this.#output.slice(outputBefore).slice(-OUTPUT_SHOWN_CHARS)
      throw new Error(`${this.#spec.command} did not start; it wrote:\n${shown}`, { cause: error })
    }
  }

  /** Stops it from doing anything (SIGSTOP) without ending it: its connections stay open and silent. */
  pause(): void {
    this.#current.signal('SIGSTOP')
  }

  /** Lets it go on after `pause`. */
  resume(): void {
    this.#current.signal('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  get #current(): Run {
    if (!this.#run) throw new Error(`${this.#spec.command} was never started`)
    return this.#run
  }

  async #untilReady(run: Run, outputBefore: number): Promise<void> {
    const { readyWhen = () => true, readyTimeoutMs: timeoutMs = 30_000, command } = this.#spec
    const isReady =
      readyWhen instanceof RegExp ? () => readyWhen.test(this.#output.slice(outputBefore)) : readyWhen
    const outcome = await waitFor(
      async () => run.end ?? ((await isReady()) ? ('ready' as const) : undefined),
      {
        what: `${command} to be ready`,
        timeoutMs,
      },
    )
    if (outcome !== 'ready') {
      throw new Error(`it ended with ${outcome.signal ?? `exit code ${outcome.code}`} before it was ready`)
    }
  }
}

/** Output may come after the end of the process, but not for ever: a grandchild can hold the pipe open. */
const LATE_OUTPUT_MS_MAX = 500

/** One start of a process. */
class Run {
  readonly ended: Promise<ProcessEnd>
  /** Set as soon as it has ended. */
  end: ProcessEnd | undefined
  readonly #child: ChildProcess

  constructor(spec: ProcessSpec, write: (text: string) => void) {
    const child = spawn(spec.command, spec.args ?? [], {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...spec.user,
    })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', write)
    child.stderr.setEncoding('utf8').on('data', write)
    child.on('error', (error) => write(error.message))
    const forget = child.pid
      ? announce({ pid: child.pid, signal: spec.stopSignal ?? 'SIGKILL' })
      : () => undefined
    this.ended = endOf(child).then((end) => {
      forget()
      this.end = end
      return end
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** A command that cannot be started has ended with code 127, as in a shell. */
function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    if (child.pid === undefined) child.once('error', () => resolve({ code: 127, signal: null }))
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('exit', (code, signal) =>
      setTimeout(() => resolve({ code, signal }), LATE_OUTPUT_MS_MAX).unref(),
    )
  })
}
