import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Draft } from '@daybook/events'
import { createTempFolder } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkRun } from '../src/import/check-run.ts'
import { planImport } from '../src/import/plan-import.ts'
import { readRunDirectory } from '../src/import/read-directory.ts'
import { daybook, type Ran } from './command-line.ts'
import { fileTool } from './file-tool.ts'
import { relabel, treeOf } from './relabelled-run.ts'
import { fixture, runOf } from './run-directory.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack
let out: Awaited<ReturnType<typeof createTempFolder>>

beforeAll(async () => {
  out = await createTempFolder()
  stack = await startStack()
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
  await out[Symbol.asyncDispose]()
})

const run = (...args: string[]): Promise<Ran> => daybook(args, { cwd: stack.folder })

/** What the tests look into; the rest is compared as it is. */
interface Answer {
  readonly runs: readonly Record<string, unknown>[]
  readonly tasks: readonly object[]
  readonly [name: string]: unknown
}

async function json(...args: string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await run(...args, '--json')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

async function recorded(name: string, file: string, prefix = '01M7Y'): Promise<Answer> {
  return JSON.parse(relabel(await readFile(fixture(name, 'cli', file), 'utf8'), prefix))
}

/** The events of a fixture as an agent journals them live: with all values in them, and without references to files. */
async function liveDrafts(name: string, prefix: string): Promise<Draft[]> {
  const checked = checkRun(await readRunDirectory(await runOf(name)))
  const planned = 'run' in checked ? planImport(checked.run) : undefined
  const drafts = planned !== undefined && 'plan' in planned ? planned.plan.drafts : []
  return drafts.map(({ actor: _importer, ...draft }) => {
    const refs = new Set(['taskDefRef', 'resultRef', 'outputRef', 'inputsRef'])
    const data = Object.fromEntries(Object.entries(draft.data).filter(([name]) => !refs.has(name)))
    return JSON.parse(relabel(JSON.stringify({ ...draft, data }), prefix))
  })
}

async function append(drafts: readonly Draft[]): Promise<void> {
  const stdin = drafts.map((draft) => JSON.stringify(draft)).join('\n')
  const { exitCode, stderr } = await daybook(['events:append', '-'], { cwd: stack.folder, stdin })
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
}

describe.each([
  ['completed', '01M8A'],
  ['failed', '01M8B'],
  ['pending-breakpoint', '01M8C'],
  ['just-created', '01M8D'],
])('a run that was journaled live as %s', (name, prefix) => {
  it('is exported as a directory about which the tool answers as about its own', async () => {
    const drafts = await liveDrafts(name, prefix)
    await append(drafts)
    const runId = drafts[0]?.stream.slice('run/'.length) ?? ''
    const target = join(out.path, prefix)
    expect(await json('run:export', runId, '--out', target)).toMatchObject({ renamed: [], findings: [] })

    const { metadata, completionProof: _proof, ...status } = await recorded(name, 'run-status.json', prefix)
    expect(await fileTool('run:status', target)).toMatchObject({
      ...status,
      metadata: { ...Object(metadata), stateRebuildReason: 'daybook_export' },
    })
    expect(await fileTool('task:list', target)).toEqual(await recorded(name, 'task-list.json', prefix))
    const { events } = await recorded(name, 'run-events.json', prefix)
    expect(await fileTool('run:events', target)).toMatchObject({ events })
  })

  it('has the files that the tool itself had written, with the same content', async () => {
    const original = await treeOf(await runOf(name))
    const exported = await treeOf(join(out.path, prefix))
    const own = (tree: Record<string, string>): string[] =>
      Object.keys(tree).filter((path) => !/\.log$|logSeqs|state\.json$/.test(path))
    expect(own(exported).toSorted()).toEqual(
      own(original)
        .map((path) => relabel(path, prefix))
        .toSorted(),
    )
    for (const path of own(original).filter((file) => /^tasks\/.*\.json$|^inputs|^state/.test(file))) {
      expect(JSON.parse(exported[relabel(path, prefix)] ?? '')).toEqual(
        JSON.parse(relabel(original[path] ?? '', prefix)),
      )
    }
  })
})

it('is selected from by the tool as any other', async () => {
  const [name, prefix] = ['pending-breakpoint', '01M8C']
  const target = join(out.path, prefix)
  expect(await fileTool('task:list', target, '--pending')).toEqual(
    await recorded(name, 'task-list.pending.json', prefix),
  )
  const { events } = await recorded(name, 'run-events.filter-lower-limit1-reverse.json', prefix)
  const options = ['--filter-type', 'effect_resolved', '--limit', '1', '--reverse']
  expect(await fileTool('run:events', target, ...options)).toMatchObject({ events })
})
