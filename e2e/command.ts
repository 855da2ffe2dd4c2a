import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

export const exampleRun = join(root, 'examples', 'runs', 'release')
export const daybookBin = join(root, 'packages', 'cli', 'bin', 'daybook.mjs')

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd ?? root, env: { ...process.env, ...options.env } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data) => (stdout += String(data)))
    child.stderr.on('data', (data) => (stderr += String(data)))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Runs the `daybook` command as a user would. */
export function daybook(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  return run(process.execPath, [daybookBin, ...args], options)
}
