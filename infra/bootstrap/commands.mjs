import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'

/**
 * A terminal's Ctrl-C reaches this process twice: from the terminal and, forwarded, from npm. Two equal signals this
 * close together are one wish.
 */
const SAME_SIGNAL_MS = 500

/** How often to look whether npm is still there. */
const PARENT_CHECK_MS = 500

/** @type {NodeJS.Signals[]} */
const RELAYED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** A command could not be started or ended with a failure. `output` is what it wrote. */
export class CommandFailed extends Error {
  /** @override */
  name = 'CommandFailed'
  /**
   * @param {string} message
   * @param {string} output
   */
  constructor(message, output) {
    super(message)
    this.output = output
  }
}

/**
 * Where a command is on the PATH.
 * @param {string} command
 * @param {NodeJS.ProcessEnv} env
 */
export function findOnPath(command, env) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file))
}

/**
 * Runs a command to its end and returns what it wrote (both streams, in order). A failure throws CommandFailed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (/** @type {string} */ chunk) => (output += chunk)
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('error', (error) => reject(new CommandFailed(error.message, error.message)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else
        reject(
          new CommandFailed(
            `${command} ${args[0] ?? ''} ended with ${signal ?? `exit code ${code}`}`,
            output,
          ),
        )
    })
  })
}

/**
 * Gives the terminal's output and all signals to a child until it ends, and returns its exit code.
 *
 * The child leads a session of its own, so that the only signals it gets are the ones passed on here: each once,
 * however many of its ancestors the sender addressed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function handOver(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const bound = boundToThisProcess(command, args)
    const child = spawn(bound.command, bound.args, {
      ...options,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    const stopRelay = relaySignals((signal) => child.kill(signal))
    const stopWatch = watchNpm(() => child.kill('SIGTERM'))
    child.on('error', (error) => {
      stopRelay()
      stopWatch()
      reject(new CommandFailed(error.message, error.message))
    })
    child.on('exit', (code, signal) => {
      stopRelay()
      stopWatch()
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}

/** @param {(signal: NodeJS.Signals) => void} send */
function relaySignals(send) {
  const relays = RELAYED.map((signal) => {
    let lastAt = Number.NEGATIVE_INFINITY
    const relay = () => {
      const now = performance.now()
      if (now - lastAt > SAME_SIGNAL_MS) send(signal)
      lastAt = now
    }
    process.on(signal, relay)
    return { signal, relay }
  })
  return () => {
    for (const { signal, relay } of relays) process.off(signal, relay)
  }
}

/**
 * npm passes signals on only to the shell between it and this process, and some shells end without passing them on
 * further. So the end of that shell means: stop. Without npm a parent may well end first, as with nohup.
 * @param {() => void} stop
 */
function watchNpm(stop) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, PARENT_CHECK_MS)
  if (!process.env.npm_lifecycle_event) clearInterval(timer)
  return () => clearInterval(timer)
}

/**
 * A process with a session of its own would outlive a parent that is killed outright; where the system can, it is asked
 * to stop the child then.
 * @param {string} command
 * @param {string[]} args
 */
function boundToThisProcess(command, args) {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv', process.env) : undefined
  return setpriv ? { command: setpriv, args: ['--pdeathsig', 'TERM', command, ...args] } : { command, args }
}
