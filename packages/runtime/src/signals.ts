import { constants } from 'node:os'
import { createLogger, type Logger } from './logger.ts'

/** Docker kills ten seconds after SIGTERM; being done before that keeps the exit code ours. */
const GRACE_MS = 8_000
/** Any interval will do: it is there to be open, not to fire. */
const AWAKE_MS = 3_600_000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export interface RunOptions {
  /** How long stopping may take from the first signal (or from the end of `run`) on. Default 8,000. */
  graceMs?: number
  /** Told of the signal, and of the error that ended the process. Default: a JSON logger for errors. */
  logger?: Logger
}

/** Settles when the signal is aborted, at once if it already is. For `Promise.race` in a service's scope. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Runs a process's whole work until it ends by itself or a signal asks it to stop, and answers its exit code:
 *
 * ```ts
 * process.exitCode = await runUntilSignalled((signal) => runJournal(readJournalConfig(process.env), signal))
 * ```
 *
 * - The first SIGTERM or SIGINT aborts `signal`; `run` then closes what it opened and returns: exit code 0.
 * - A second one ends the process at once (128 + its number).
 * - An error of `run` is logged once: exit code 1.
 * - Whatever has not stopped `graceMs` after that is left behind: exit code 1. The timer does not keep the process
 *   alive, but it still fires when a forgotten handle does.
 */
export async function runUntilSignalled(
  run: (signal: AbortSignal) => Promise<void>,
  { graceMs = GRACE_MS, logger = createLogger({ service: 'daybook', level: 'error' }) }: RunOptions = {},
): Promise<number> {
  const controller = new AbortController()
  const startDeadline = deadline(graceMs, logger)
  const onSignal = (name: (typeof SIGNALS)[number]) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name])
    logger.info({ signal: name }, 'stopping')
    startDeadline()
    controller.abort(new Error(`stopped by ${name}`))
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  // Waiting for a signal does not keep a process alive by itself.
  const awake = setInterval(() => undefined, AWAKE_MS)
  try {
    await run(controller.signal)
    return 0
  } catch (error) {
    if (controller.signal.aborted && error === controller.signal.reason) return 0
    logger.fatal({ err: error }, 'stopped by an error')
    return 1
  } finally {
    clearInterval(awake)
    for (const name of SIGNALS) process.off(name, onSignal)
    startDeadline()
  }
}

/** Starts on its first call only: the end of `run` does not give a signalled process more time. */
function deadline(graceMs: number, logger: Logger): () => void {
  let timer: NodeJS.Timeout | undefined
  return () => {
    timer ??= setTimeout(() => {
      logger.fatal({ graceMs }, 'did not stop in time')
      process.exit(1)
    }, graceMs).unref()
  }
}
