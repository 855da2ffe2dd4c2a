import { once } from 'node:events'
import { runCli } from './program.ts'
import type { Shell, Sink } from './shell.ts'

/** The process: the only reader of `process.env` and `process.argv`, and the one that sets the exit code. */
export async function main(): Promise<void> {
  const stop = new AbortController()
  const shell: Shell = {
    stdin: process.stdin,
    stdout: sinkOf(process.stdout, stop),
    stderr: sinkOf(process.stderr, stop),
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
  }
  const args = process.argv.slice(2)
  // `up` has an orderly way of its own to stop.
  if (!args.includes('up'))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(stop))
  process.exitCode = await runCli(args, shell)
}

/** What a shell reports of a command that Ctrl-C ended. */
const interrupted = 130
/** A tail ends at once, as if it were done; what waits for an answer is not waited for. */
const graceMs = 500

function leave(stop: AbortController): void {
  stop.abort()
  setTimeout(() => process.exit(interrupted), graceMs).unref()
}

/** A reader that goes away (`daybook events:tail | head`) ends the command; that is how pipes work, and not an error. */
function sinkOf(stream: NodeJS.WriteStream, stop: AbortController): Sink {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    leave(stop)
  })
  return {
    isTTY: stream.isTTY,
    write: async (text) => {
      if (stream.destroyed || stop.signal.aborted || stream.write(text)) return
      // The stream's own error is handled above.
      await once(stream, 'drain', { signal: stop.signal }).catch(() => undefined)
    },
  }
}
