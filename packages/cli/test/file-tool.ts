import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Its command loads a protocol server at its start, whose package is not installed here (see pnpm-workspace.yaml) and
 * which none of the commands about runs uses. Everything else is the tool as it was published.
 */
const withoutProtocolServer = `
import { registerHooks } from 'node:module'
const empty = 'data:text/javascript,protocol-server'
registerHooks({
  resolve: (name, context, next) =>
    name.startsWith('@modelcontextprotocol/sdk') ? { url: empty, format: 'commonjs', shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === empty ? { format: 'commonjs', source: 'module.exports = {}', shortCircuit: true } : next(url, context),
})`

const main = fileURLToPath(import.meta.resolve('@a5c-ai/babysitter-sdk/dist/cli/main.js'))

/** What the file-per-event tool (0.0.187) answers about a run directory; throws when it fails. */
export async function fileTool(
  command: string,
  runDirectory: string,
  ...options: string[]
): Promise<unknown> {
  const preload = `data:text/javascript,${encodeURIComponent(withoutProtocolServer)}`
  const args = [`--import=${preload}`, main, command, runDirectory, '--json', ...options]
  const { stdout, stderr } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })
  if (stderr !== '') throw new Error(`${command} complained: ${stderr}`)
  return JSON.parse(stdout)
}
