import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startProcess } from '../src/process.ts'
import { waitFor } from '../src/wait-for.ts'

const counting = ['-e', 'let n = 0; console.log("ready"); setInterval(() => console.log(`tick ${++n}`), 5)']

describe('startProcess', () => {
  it('resolves when the process is ready and kills it on disposal', async () => {
    let pid: number
    {
      await using process = await startProcess({ command: 'node', args: counting, readyWhen: /ready/ })
      pid = process.pid
      expect(isAlive(pid)).toBe(true)
    }
    expect(isAlive(pid)).toBe(false)
  })

  it('shows the output of a process that ends before it is ready', async () => {
    const failing = startProcess({
      command: 'node',
      args: ['-e', 'console.error("no disk"); process.exit(3)'],
      readyWhen: /never/,
    })
    await expect(failing).rejects.toThrow(/no disk/)
  })

  it('says so when there is no such command', async () => {
    await expect(startProcess({ command: 'no-such-command', readyWhen: /never/ })).rejects.toThrow(/ENOENT/)
  })

  it('starts the same command again after a kill', async () => {
    await using process = await startProcess({ command: 'node', args: counting, readyWhen: /ready/ })
    const first = process.pid
    await process.kill()
    expect(isAlive(first)).toBe(false)
    await process.restart()
    expect(process.pid).not.toBe(first)
    expect(process.output.match(/ready/g)).toHaveLength(2)
  })

  it('lets a process stop by itself', async () => {
    const args = [
      '-e',
      'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready")',
    ]
    await using process = await startProcess({ command: 'node', args, readyWhen: /ready/ })
    expect(await process.stop()).toEqual({ code: 7, signal: null })
  })

  it('keeps a paused process silent until it is resumed', async () => {
    await using process = await startProcess({ command: 'node', args: counting, readyWhen: /tick/ })
    process.pause()
    await waitFor(() => stateOf(process.pid) === 'T', { what: 'the pause' })
    process.resume()
    const before = process.output.length
    await waitFor(() => process.output.length > before, { what: 'more ticks' })
  })
})

describe('the reaper', () => {
  it('ends processes and removes folders of tests that were killed', async () => {
    const child = spawn('node', [fileURLToPath(new URL('leaving-things-behind.ts', import.meta.url))])
    const [line] = await once(child.stdout, 'data')
    const { pid, folder } = JSON.parse(String(line))
    expect([isAlive(pid), existsSync(folder)]).toEqual([true, true])
    child.kill('SIGKILL')
    await waitFor(() => !isAlive(pid) && !existsSync(folder), { what: 'the cleaning up' })
  })
})

/** A process that has ended but that nobody has looked at (state Z) is not alive. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && stateOf(pid) !== 'Z'
  } catch {
    return false
  }
}

/** The letter that the system gives to what the process is doing: T when it is paused. */
function stateOf(pid: number): string {
  // Small images have no ps, and not every system has /proc.
  if (existsSync('/proc')) return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
  return spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .charAt(0)
}
