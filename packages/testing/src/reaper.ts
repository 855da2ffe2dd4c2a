/**
 * Cleaning up after a test run that ends in any way, also by SIGKILL.
 *
 * 1. Everything that would outlive the tests (a server process, a temporary folder) is announced here when it is made.
 * 2. A second process holds the list. It is tied to this one by a pipe: when the pipe closes, this process is gone, and
 *    what is still on the list is stopped and removed.
 * 3. What the tests clean up themselves is taken off the list.
 */
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** Something to be undone. Folders are removed after all processes have ended. */
export type Leftover =
  | { pid: number; signal: NodeJS.Signals }
  | { folder: string }
  | { command: string; args: string[] }

let reaper: Socket | undefined
let lastId = 0

/** Has `leftover` undone when this process ends. Returns how to take it off the list. */
export function announce(leftover: Leftover): () => void {
  reaper ??= startReaper()
  const id = ++lastId
  reaper.write(`${JSON.stringify({ id, leftover })}\n`)
  return () => reaper?.write(`${JSON.stringify({ id })}\n`)
}

function startReaper(): Socket {
  // Beside this file: TypeScript as long as that is TypeScript, which Node runs as it is.
  const script = fileURLToPath(import.meta.url).replace(/reaper(\.\w+)$/, 'reaper-process$1')
  // A session of its own, so that a Ctrl-C meant for the tests does not end it early.
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  if (!(child.stdin instanceof Socket)) throw new Error('the reaper process has no pipe')
  child.stdin.on('error', () => undefined)
  child.stdin.unref()
  return child.stdin
}
