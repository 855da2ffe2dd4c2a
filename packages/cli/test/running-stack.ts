import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempFolder, freePort, startProcess } from '@daybook/testing'
import { copyEmptyPostgres } from './embedded-template.ts'

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

/** On a busy machine that takes seconds. */
const readyTimeoutMs = 90_000

/** `files` are put into its data directory first: their content by their names. */
export async function startStack(files: Readonly<Record<string, string>> = {}): Promise<RunningStack> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await createTempFolder())
  const data = join(folder.path, '.daybook')
  await copyEmptyPostgres(data)
  for (const [name, content] of Object.entries(files)) await writeFile(join(data, name), content)
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
