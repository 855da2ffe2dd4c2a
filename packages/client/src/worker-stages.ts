import { DaybookError } from '@daybook/errors'

/** Docker ends a container 10 s after it was asked to stop; what is left must be given back before that. */
const DRAIN_MS = 7_000
/** What was begun is still told for as long, and not for ever: the server may be away. */
const LAST_WORDS_MS = 2_000

export interface StopOptions {
  /** Stops it, as `stop` does. */
  readonly signal?: AbortSignal
  /** Whether it stops with SIGTERM and SIGINT; true unless told. A second one ends the process as if there were none. */
  readonly handleSignals?: boolean
  /** How long work that was begun may go on after the stop; 7 s unless told. */
  readonly drainMs?: number
}

/** The end of a worker, in three stages. */
export interface Stages extends Disposable {
  /** No more work is claimed. */
  readonly stopping: AbortSignal
  /** Work that was begun is to stop as well. */
  readonly drained: AbortSignal
  /** Nothing is told any more. */
  readonly over: AbortSignal
  stop(): void
}

/** Begins with the stop that whichever comes first of the signals and the caller asks for. */
export function openStages({ signal, handleSignals = true, drainMs = DRAIN_MS }: StopOptions): Stages {
  const [stopping, drained, over] = [new AbortController(), new AbortController(), new AbortController()]
  const timers: NodeJS.Timeout[] = []
  const stop = (): void => {
    if (stopping.signal.aborted) return
    stopping.abort()
    const reason = new DaybookError('unavailable', 'The worker has to stop.')
    timers.push(setTimeout(() => drained.abort(reason), drainMs))
    timers.push(setTimeout(() => over.abort(reason), drainMs + LAST_WORDS_MS))
  }
  const asked = handleSignals ? (['SIGTERM', 'SIGINT'] as const) : []
  for (const name of asked) process.once(name, stop)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  return {
    stopping: stopping.signal,
    drained: drained.signal,
    over: over.signal,
    stop,
    [Symbol.dispose]: () => {
      for (const timer of timers) clearTimeout(timer)
      for (const name of asked) process.removeListener(name, stop)
      signal?.removeEventListener('abort', stop)
    },
  }
}
