import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRunDir } from '@a5c-ai/babysitter-sdk/dist/storage/createRunDir.js'
import { appendEvent } from '@a5c-ai/babysitter-sdk/dist/storage/journal.js'
import { newUlid } from '../append/sample-event.ts'

const main = fileURLToPath(import.meta.resolve('@a5c-ai/babysitter-sdk/dist/cli/main.js'))

/**
 * The tool's command loads a protocol server at its start, whose package is not installed here (see pnpm-workspace.yaml)
 * and which none of the commands about runs uses. Without it the command starts faster than as it is published.
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

/** The words after `node` that run one of the tool's commands. */
export function fileToolArgs(command: string, runDirectory: string): string[] {
  const preload = `data:text/javascript,${encodeURIComponent(withoutProtocolServer)}`
  return [`--import=${preload}`, main, command, runDirectory, '--json']
}

/** A run directory. */
export interface FileRun {
  runId: string
  path: string
}

/** A run of so many events, written by the tool's own functions: effects that are asked for and resolved, one by one. */
export async function writeFileRun(runsRoot: string, events: number, signal: AbortSignal): Promise<FileRun> {
  const runId = newUlid()
  const entrypoint = { importPath: 'release.mjs', exportName: 'process' }
  const { runDir } = await createRunDir({
    runsRoot,
    runId,
    request: 'benchmark',
    processId: 'demo/release',
    entrypoint,
  })
  await appendEvent({
    runDir,
    eventType: 'RUN_CREATED',
    event: { runId, processId: 'demo/release', entrypoint },
  })
  let effectId = ''
  for (let seq = 2; seq <= events; seq += 1) {
    signal.throwIfAborted()
    if (seq % 2 === 0) effectId = await request(runDir, seq)
    else await resolve(runDir, effectId)
  }
  return { runId, path: runDir }
}

async function request(runDir: string, seq: number): Promise<string> {
  const [effectId, stepId] = [newUlid(), `S${String(seq / 2).padStart(6, '0')}`]
  const task = { effectId, taskId: 'plan', invocationKey: `demo/release:${stepId}:plan`, stepId }
  const folder = join(runDir, 'tasks', effectId)
  await mkdir(folder, { recursive: true })
  await writeJson(join(folder, 'task.json'), {
    kind: 'node',
    title: 'planning',
    ...task,
    inputs: { repository: 'acme/web', instructions: 'Plan the next release.' },
  })
  const event = { ...task, kind: 'node', label: 'planning', taskDefRef: `tasks/${effectId}/task.json` }
  await appendEvent({ runDir, eventType: 'EFFECT_REQUESTED', event })
  return effectId
}

async function resolve(runDir: string, effectId: string): Promise<void> {
  const resultRef = `tasks/${effectId}/result.json`
  const result = { files: ['src/a.ts', 'src/b.ts'], summary: 'Two files were changed.' }
  await writeJson(join(runDir, resultRef), { effectId, taskId: 'plan', status: 'ok', result, value: result })
  await appendEvent({ runDir, eventType: 'EFFECT_RESOLVED', event: { effectId, status: 'ok', resultRef } })
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}
