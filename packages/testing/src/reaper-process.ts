/** The process that reaper.ts starts. It reads the list until the pipe closes, and then undoes what is on it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Leftover } from './reaper.ts'

/** A process that has not ended on its signal by then is killed. */
const ENDING_MS_MAX = 5_000

interface Line {
  id: number
  /** Absent: the entry with this id is off the list. */
  leftover?: Leftover
}

const list = new Map<number, Leftover>()

for await (const text of createInterface({ input: process.stdin })) {
  const line: Line = JSON.parse(text)
  if (line.leftover) list.set(line.id, line.leftover)
  else list.delete(line.id)
}

const leftovers = [...list.values()]
const processes = leftovers.filter((leftover) => 'pid' in leftover)
await Promise.all(processes.map(({ pid, signal }) => endProcess(pid, signal)))
// A command may take away what keeps a folder from being removed, such as what is mounted there.
for (const leftover of leftovers) if ('command' in leftover) spawnSync(leftover.command, leftover.args)
for (const leftover of leftovers) {
  if ('folder' in leftover) rmSync(leftover.folder, { recursive: true, force: true })
}

async function endProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  send(pid, signal)
  // A process that was paused acts on the signal only when it goes on.
  send(pid, 'SIGCONT')
  const deadline = performance.now() + ENDING_MS_MAX
  while (isRunning(pid) && performance.now() < deadline) await pause(20)
  send(pid, 'SIGKILL')
}

/** Whether the process still does something: one that has ended counts as existing until its parent looks at it. */
function isRunning(pid: number): boolean {
  try {
    return send(pid, 0) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    // Not every system has /proc.
    return send(pid, 0)
  }
}

/** Whether there is a process to send to. Signal 0 only asks. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
