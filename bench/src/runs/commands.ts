import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from '../measure.ts'
import { adminToken } from '../servers.ts'
import { type FileRun, fileToolArgs } from './file-tool.ts'

const execFileAsync = promisify(execFile)
const bin = fileURLToPath(new URL('../../../packages/cli/bin/daybook.mjs', import.meta.url))

/** The output of a run of 50,000 events is some 30 MB. */
const OUTPUT_BYTES_MAX = 512 * 1024 * 1024

/** A command as a person starts it: a process, from its start to its end. */
export async function runCommand(args: readonly string[]): Promise<{ ms: number; stdout: string }> {
  const startedAt = performance.now()
  const { stdout } = await execFileAsync(process.execPath, [...args], {
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, DAYBOOK_TOKEN: adminToken },
  })
  return { ms: performance.now() - startedAt, stdout }
}

/** The words after `node` that run one of our commands. */
export function daybookArgs(gatewayUrl: string, ...words: string[]): string[] {
  return [bin, ...words, '--url', gatewayUrl]
}

/** The same question to both, each as a process. */
export interface CommandFigures {
  command: string
  daybookMs: number
  fileToolMs: number
}

/** Which list of the answer has to be as long in ours as in theirs; a status has none. */
const compared = [
  { command: 'run:events', list: 'events' },
  { command: 'run:status', list: undefined },
  { command: 'task:list', list: 'tasks' },
] as const

/** In turns, so that what disturbs one disturbs the other as well; medians. */
export async function compareCommands(
  gatewayUrl: string,
  { runId, path }: FileRun,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<CommandFigures[]> {
  const figures: CommandFigures[] = []
  for (const { command, list } of compared) {
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted()
      const daybook = await runCommand(daybookArgs(gatewayUrl, command, runId, '--json'))
      const fileTool = await runCommand(fileToolArgs(command, path))
      requireSame(command, list, [daybook.stdout, fileTool.stdout])
      ours.push(daybook.ms)
      theirs.push(fileTool.ms)
    }
    figures.push({ command, daybookMs: median(ours), fileToolMs: median(theirs) })
  }
  return figures
}

/** A fast answer that lacks something is none. */
function requireSame(command: string, list: string | undefined, [ours, theirs]: [string, string]): void {
  const [own, other]: [Record<string, unknown>, Record<string, unknown>] = [
    JSON.parse(ours),
    JSON.parse(theirs),
  ]
  const isSame =
    list === undefined ? own['state'] === other['state'] : lengthOf(own[list]) === lengthOf(other[list])
  if (!isSame) throw new TypeError(`${command} does not answer the same in both`)
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) && list.length > 0 ? list.length : Number.NaN
}
