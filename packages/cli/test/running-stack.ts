import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempFolder, freePort, startProcess } from '@daybook/testing'

/** `daybook up` in a folder of its own, as a user starts it. */
export interface RunningStack extends AsyncDisposable {
  readonly url: string
  readonly nats: string
  /** Opens everything; a command that is run in the folder finds it by itself. */
  readonly token: string
  /** Where it was started: a command that is run here finds it. */
  readonly folder: string
  /** Asks it to stop and waits for its end; the data stays. */
  stop(): Promise<void>
}

const bin = join(import.meta.dirname, '..', 'bin', 'daybook.mjs')

/** A first start makes the database; that takes seconds on a busy machine. */
const readyTimeoutMs = 90_000

export async function startStack(): Promise<RunningStack> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await createTempFolder())
  const [port, natsPort] = [await freePort(), await freePort()]
  const running = stack.use(
    await startProcess({
      command: process.execPath,
      args: [bin, 'up', '--port', String(port), '--nats-port', String(natsPort)],
      cwd: folder.path,
      readyWhen: /Daybook is running/,
      readyTimeoutMs,
      stopSignal: 'SIGINT',
    }),
  )
  // Killed, it would leave its nats-server behind.
  stack.defer(async () => void (await running.stop()))
  const token = (await readFile(join(folder.path, '.daybook', 'token'), 'utf8')).trim()
  const started = stack.move()
  return {
    url: `http://127.0.0.1:${port}`,
    nats: `nats://127.0.0.1:${natsPort}`,
    token,
    folder: folder.path,
    stop: async () => void (await running.stop()),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}
