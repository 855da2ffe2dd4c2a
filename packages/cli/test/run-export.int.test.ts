import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Draft, readJournalEvent, verifyChain } from '@daybook/events'
import { createTempFolder } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRunDirectory } from '../src/import/read-directory.ts'
import { daybook, type Ran } from './command-line.ts'
import { fileTool } from './file-tool.ts'
import { relabel, relabelledCopy, treeOf } from './relabelled-run.ts'
import { fixture, runOf, soundRuns } from './run-directory.ts'
import { type RunningStack, startStack } from './running-stack.ts'
import { writeSealed } from './sealed-event.ts'

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

describe.each(soundRuns)('the run directory %s', (name) => {
  it('is exported byte for byte as it was imported, and read by the tool as before', async () => {
    const path = await runOf(name)
    const runId = path.split('/').at(-1) ?? ''
    await json('run:import', path)
    const target = join(out.path, name)
    const exported = await json('run:export', runId, '--out', target)
    expect(exported).toMatchObject({ runId, path: target, format: 'files', renamed: [], findings: [] })
    expect(await treeOf(target)).toEqual(await treeOf(path))
    // The newer version adds nothing to these answers but two members that are null.
    const { reason: _reason, payload: _payload, ...status } = await recorded(name, 'run-status.json')
    if (name !== 'just-created') expect(await fileTool('run:status', target)).toEqual(status)
    expect(await fileTool('task:list', target)).toEqual(await recorded(name, 'task-list.json'))
  })
})

async function append(drafts: readonly Draft[]): Promise<void> {
  const stdin = drafts.map((draft) => JSON.stringify(draft)).join('\n')
  const { exitCode, stderr } = await daybook(['events:append', '-'], { cwd: stack.folder, stdin })
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
}

describe.each([
  ['bad-checksum', '01M9A'],
  ['gap', '01M9B'],
  ['duplicate-seq', '01M9C'],
  ['double-resolve', '01M9D'],
  ['tmp-leftover', '01M9E'],
  ['truncated-json', '01M9F'],
])('the damaged run directory %s', (name, prefix) => {
  it('is refused, or imported leniently and marked, and exported as damaged as it was', async () => {
    await using copy = await relabelledCopy(prefix, 'damaged', name)
    const strict = await run('run:import', copy.path, '--json')
    expect(strict.exitCode).toBe(1)
    const { findings: told } = JSON.parse(strict.stderr).details

    const lenient = await json('run:import', copy.path, '--lenient')
    expect(lenient.runs).toMatchObject([{ runId: copy.runId, outcome: 'imported', findings: told }])
    expect((await json('run:import', copy.path, '--lenient')).runs).toMatchObject([
      { outcome: 'already-imported', eventsAdded: 0 },
    ])
    const status = await json('run:status', copy.runId)
    expect(status).toMatchObject({ damaged: { findingsTotal: told.length, findings: told } })
    expect((await run('run:status', copy.runId)).stdout).toMatch(/^damaged {3}imported with \d findings/m)

    const target = join(out.path, prefix)
    const exported = await json('run:export', copy.runId, '--out', target)
    expect(exported['findings']).toMatchObject(
      told.map(({ code, file }: Record<string, string>) => ({ code, file })),
    )
    expect(await treeOf(target)).toEqual(await treeOf(copy.path))
  })
})

describe('run:export', () => {
  const runId = '01M7YJZD5YW502KKT9P5VKADPA'

  it('adds to an imported directory what was journaled since', async () => {
    await using copy = await relabelledCopy('01MAA', 'pending-breakpoint')
    await json('run:import', copy.path)
    const effectId = relabel('01M7YK0XW8ZQZDZ2DFVFVXN37P', '01MAA')
    const draft = { stream: `run/${copy.runId}`, v: 1, id: '01MBB0000000000000000000A1' }
    await append([
      { ...draft, type: 'EFFECT_RESOLVED', data: { effectId, status: 'ok', result: { approved: true } } },
      { ...draft, id: '01MAB0000000000000000000A1', type: 'RUN_COMPLETED', data: { output: { done: true } } },
    ])
    const target = join(out.path, 'went-on')
    const exported = await json('run:export', copy.runId, '--out', target)
    expect(exported).toMatchObject({
      events: 6,
      renamed: [{ seq: 6, id: '01MAB0000000000000000000A1', ulid: '01MBB0000000000000000000A2' }],
      findings: [],
    })
    const before = await treeOf(copy.path)
    const after = await treeOf(target)
    for (const [file, text] of Object.entries(before))
      if (file !== 'state/state.json') expect(after[file]).toBe(text)
    expect(await fileTool('run:status', target)).toMatchObject({
      state: 'completed',
      metadata: { stateVersion: 6, pendingEffectsByKind: {} },
    })
    expect((await json('run:status', copy.runId))['metadata']).toMatchObject({ stateVersion: 6 })
  })

  it('writes JSON Lines whose chain holds', async () => {
    const { stdout } = await run('run:export', runId, '--format', 'jsonl')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => readJournalEvent(JSON.parse(line)))
    expect(events).toHaveLength(12)
    expect(verifyChain(events)).toBeUndefined()
  })

  it('writes CSV that no spreadsheet takes for formulas', async () => {
    const stream = 'run/csv-1'
    const entrypoint = { importPath: '', exportName: '' }
    await append([
      {
        id: '01MBC0000000000000000000A1',
        stream,
        v: 1,
        type: 'RUN_CREATED',
        data: { runId: 'csv-1', processId: 'p', entrypoint },
      },
      {
        id: '01MBC0000000000000000000A2',
        stream,
        v: 1,
        type: 'EFFECT_REQUESTED',
        data: {
          effectId: '=1+1',
          invocationKey: 'k',
          stepId: 's',
          taskId: 't',
          kind: '@SUM',
          label: 'a "b",\nc',
        },
      },
    ])
    const { stdout } = await run('run:export', 'csv-1', '--format', 'csv')
    const [head, first, second] = stdout.split('\r\n')
    expect(head).toBe(
      'seq,position,id,type,occurredAt,recordedAt,actorKind,actorId,effectId,kind,label,status,erasedBy,checksum,prev,hash,data',
    )
    expect(first).toMatch(/^1,\d+,01MBC0000000000000000000A1,RUN_CREATED,/)
    expect(second).toContain(`,'=1+1,'@SUM,"a ""b"",\nc",,`)
  })

  it('writes a bundle that verifies without a server', async () => {
    const file = join(out.path, 'bundle.jsonl')
    expect(await json('run:export', runId, '--format', 'bundle', '--out', file)).toMatchObject({
      format: 'bundle',
      lines: 14,
    })
    expect(await daybook(['verify', '--bundle', file])).toMatchObject({ exitCode: 0 })
    await writeFile(file, (await readFile(file, 'utf8')).replace('Release it', 'Do not'))
    expect(await daybook(['verify', '--bundle', file])).toMatchObject({ exitCode: 1 })
  })

  it('never writes over anything, and leaves nothing behind when it fails', async () => {
    const folder = join(out.path, 'taken')
    await mkdir(folder)
    await appendFile(join(folder, 'mine.txt'), 'mine')
    expect(await run('run:export', runId, '--out', folder)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not empty'),
    })
    expect(
      await run('run:export', runId, '--format', 'csv', '--out', join(folder, 'mine.txt')),
    ).toMatchObject({ exitCode: 2 })
    expect(await readdir(folder)).toEqual(['mine.txt'])
    expect((await readdir(out.path)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('of a run that is not there fails and says where to look', async () => {
    expect(await run('run:export', 'nope')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no run nope'),
    })
  })

  it.each([
    ['names a file outside the directory', '../../outside.txt'],
    ['names a file by its whole path', '/tmp/outside.txt'],
  ])('writes nothing when a forged import %s', async (_what, path) => {
    await using copy = await relabelledCopy(path.startsWith('/') ? '01MCA' : '01MCB', 'just-created')
    await json('run:import', copy.path)
    const file = { path, sha256: '0'.repeat(64), bytes: 0 }
    const data = { runId: copy.runId, tool: { name: 'x' }, files: [file], events: 1 }
    const id = relabel('01M7Y00000000000000000000A', path.startsWith('/') ? '01MDA' : '01MDB')
    await append([{ id, stream: `import/${copy.runId}`, v: 1, type: 'RUN_IMPORTED', data }])
    expect(await run('run:export', copy.runId, '--out', join(out.path, 'forged'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[damaged-run]'),
    })
    expect(
      (await readdir(out.path)).filter((name) => name.includes('forged') || name.includes('outside')),
    ).toEqual([])
  })

  it('refuses a run whose files contradict its events', async () => {
    await using real = await relabelledCopy('01MEA', 'just-created')
    await json('run:import', real.path)
    const journal = join(real.path, 'journal')
    const [name = ''] = await readdir(journal)
    const event = JSON.parse(await readFile(join(journal, name), 'utf8'))
    const { checksum: _checksum, ...body } = event
    await writeSealed(join(journal, name), { ...body, data: { ...event.data, prompt: 'something else' } })
    // The forger has the blob from another import, and appends a list of files that names it.
    const forged = await forgedBlob(journal, name)
    const files = [{ path: `journal/${name}`, ...forged }]
    const data = { runId: real.runId, tool: { name: 'x' }, files, events: 1 }
    await append([
      { id: '01MFA0000000000000000000A1', stream: `import/${real.runId}`, v: 1, type: 'RUN_IMPORTED', data },
    ])
    expect(await run('run:export', real.runId, '--out', join(out.path, 'contradiction'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is not what the file says'),
    })
  })

  it('says so when payloads were erased, and writes no directory with holes', async () => {
    await using copy = await relabelledCopy('01MGA', 'completed')
    await json('run:import', copy.path)
    const erase = (stream: string): Promise<Ran> => run('events:erase', stream, '--reason', 'test', '--yes')
    expect((await erase(`run/${copy.runId}`)).exitCode).toBe(0)
    expect(await run('run:export', copy.runId, '--out', join(out.path, 'erased'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[payload-erased]'),
    })
    const { stdout } = await run('run:export', copy.runId, '--format', 'csv')
    expect(stdout).toMatch(/RUN_CREATED,/)
  })
})

/** Keeps a file's bytes as a blob by importing a run of another name that holds them beside its journal. */
async function forgedBlob(journal: string, name: string): Promise<{ sha256: string; bytes: number }> {
  await using other = await relabelledCopy('01MEB', 'just-created')
  const bytes = await readFile(join(journal, name))
  await mkdir(join(other.path, 'tasks', 'x'), { recursive: true })
  await writeFile(join(other.path, 'tasks', 'x', 'stdout.log'), bytes)
  await json('run:import', other.path)
  const { files } = await readRunDirectory(other.path)
  return { sha256: files.get('tasks/x/stdout.log')?.sha256 ?? '', bytes: bytes.length }
}
