import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook, type Daybook } from '@daybook/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'
import { fixture } from './run-directory.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack
let connection: Daybook

beforeAll(async () => {
  stack = await startStack()
  connection = await connectDaybook({ url: stack.url, token: stack.token })
}, 120_000)

afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

const run = (args: readonly string[], stdin = '') => daybook(args, { cwd: stack.folder, stdin })

async function json(args: readonly string[], stdin = ''): Promise<any> {
  const { exitCode, stdout, stderr } = await run([...args, '--json'], stdin)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

async function problem(args: readonly string[], stdin = ''): Promise<any> {
  const { exitCode, stderr } = await run([...args, '--json'], stdin)
  return { exitCode, ...JSON.parse(stderr) }
}

const effect = (effectId: string, kind = 'node') => ({
  effectId,
  invocationKey: `k:${effectId}`,
  stepId: 'S1',
  taskId: 'plan',
  kind,
  label: 'planning',
  taskDef: { title: 'Plan the change' },
})

/** A run that has asked for these. */
async function start(runId: string, ...effectIds: string[]): Promise<void> {
  await json(['run:create', '--process-id', 'demo/release', '--entry', 'p.mjs#process', '--run-id', runId])
  await connection.runs.requestEffects(
    runId,
    effectIds.map((id) => effect(id)),
  )
}

describe('run:create', () => {
  const args = ['run:create', '--process-id', 'demo/release', '--entry', 'p.mjs#process']

  it('creates a run with what it is told, and the same one only once', async () => {
    await writeFile(join(stack.folder, 'inputs.json'), '{"goal":"ship"}')
    const made = [...args, '--run-id', 'made', '--inputs', 'inputs.json', '--session-id', 's1']
    expect(await json(made)).toMatchObject({ runId: 'made', entry: 'p.mjs#process', receipts: { length: 1 } })
    expect(await json(made)).toMatchObject({ runId: 'made', receipts: [] })
    const [event] = await Array.fromAsync(connection.stream('run/made'))
    expect(event).toMatchObject({
      type: 'RUN_CREATED',
      data: {
        runId: 'made',
        processId: 'demo/release',
        entrypoint: { importPath: 'p.mjs', exportName: 'process' },
        inputs: { goal: 'ship' },
        sessionId: 's1',
      },
    })
    expect(await problem([...args, '--run-id', 'made'])).toMatchObject({
      exitCode: 1,
      code: 'invalid-transition',
    })
  })

  it.each([
    [['--entry', 'p.mjs'], 'as in release.mjs#process'],
    [['--entry', 'p.mjs#a#b'], 'as in release.mjs#process'],
  ])('is bad usage with %j', async (options, detail) => {
    expect(await problem(['run:create', '--process-id', 'p', ...options])).toMatchObject({
      exitCode: 2,
      detail: expect.stringContaining(detail),
    })
  })

  it('says what is wrong with inputs that are no JSON', async () => {
    expect(await problem([...args, '--inputs', '-'], '{"a":1,"a":2}')).toMatchObject({
      exitCode: 1,
      code: 'duplicate-json-key',
    })
  })
})

describe('task:post', () => {
  it('posts a result from a file, from standard input or from the command line', async () => {
    await start('p1', 'p1-a', 'p1-b', 'p1-c')
    await writeFile(join(stack.folder, 'result.json'), '{"plan":[1,2]}')
    const times = ['--started-at', '2026-01-25T10:15:30.000Z', '--finished-at', '2026-01-25T10:16:02.500Z']
    expect(await json(['task:post', 'p1', 'p1-a', '--value', 'result.json', ...times])).toEqual({
      status: 'ok',
      committed: { startedAt: '2026-01-25T10:15:30.000Z', finishedAt: '2026-01-25T10:16:02.500Z' },
      stdoutRef: null,
      stderrRef: null,
      resultRef: null,
      receipts: [expect.objectContaining({ stream: 'run/p1', seq: 5 })],
    })
    await json(['task:post', 'p1', 'p1-b', '--value', '-'], '"from a pipe"')
    await json(['task:post', 'p1', 'p1-c', '--value-inline', '42'])
    expect(await json(['task:show', 'p1', 'p1-a'])).toMatchObject({
      effect: { effectId: 'p1-a', taskId: 'plan', status: 'resolved_ok', inputsRef: null },
      task: { title: 'Plan the change' },
      result: { plan: [1, 2] },
      largeResult: null,
      workedMs: 32_500,
    })
    expect((await json(['task:show', 'p1', 'p1-b'])).result).toBe('from a pipe')
    expect((await json(['task:show', 'p1', 'p1-c'])).result).toBe(42)
  })

  it('posts an error, which is a success of the command', async () => {
    await start('p2', 'p2-a')
    const error = { name: 'LintError', message: '2 problems', data: { exitCode: 1 } }
    await json(['task:post', 'p2', 'p2-a', '--status', 'error', '--error', '-'], JSON.stringify(error))
    expect(await json(['task:show', 'p2', 'p2-a'])).toMatchObject({
      effect: { status: 'resolved_error' },
      error,
    })
  })

  it('is refused the second time, unless it says the same', async () => {
    await start('p3', 'p3-a')
    const post = (value: string) => ['task:post', 'p3', 'p3-a', '--value-inline', value]
    await json(post('1'))
    expect((await json(post('1'))).receipts).toEqual([])
    expect(await problem(post('2'))).toMatchObject({
      exitCode: 1,
      code: 'invalid-transition',
      details: { effectStatus: 'resolved_ok' },
    })
  })

  it('keeps a large result beside the journal', async () => {
    await start('p4', 'p4-a')
    const large = JSON.stringify('x'.repeat(100_000))
    await json(['task:post', 'p4', 'p4-a', '--value', '-'], large)
    const { result } = await json(['task:show', 'p4', 'p4-a'])
    expect(result).toMatchObject({ $blob: expect.any(String), bytes: 100_002 })
    expect(new TextDecoder().decode(await connection.blobs.get(result.$blob))).toBe(large)
  })

  it.each([
    [['--value', '-', '--value-inline', '1'], 'not both'],
    [['--value', '-', '--metadata', '-'], 'only once'],
    [['--status', 'error'], 'needs --error'],
    [['--error', '-'], 'goes with --status error'],
    [['--status', 'error', '--error', '-'], 'with a message'],
    [['--status', 'fine'], 'Allowed choices'],
  ])('is bad usage with %j', async (options, detail) => {
    expect(await problem(['task:post', 'r', 'e', ...options], '"text"')).toMatchObject({
      exitCode: 2,
      code: 'invalid-usage',
      detail: expect.stringContaining(detail),
    })
  })
})

describe('task:show', () => {
  it('has for a recorded run what the tool itself shows', async () => {
    const runId = (await json(['run:import', fixture('completed')])).runs[0].runId
    const recorded = JSON.parse(await readFile(fixture('completed', 'cli', 'task-show.first.json'), 'utf8'))
    const shown = await json(['task:show', runId, recorded.effect.effectId])
    expect(shown.effect).toEqual(recorded.effect)
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(Object.keys(recorded)))
  })

  it('shows people lines', async () => {
    await start('s1', 's1-a')
    const { stdout } = await run(['task:show', 's1', 's1-a'])
    expect(stdout).toMatch(/^effect +s1-a$/m)
    expect(stdout).toMatch(/^status +requested$/m)
    expect(stdout).toMatch(/^asks +\{"title":"Plan the change"\}$/m)
  })

  it('says that there is no such effect', async () => {
    expect(await problem(['task:show', 's1', 'nobody'])).toMatchObject({ exitCode: 1, code: 'not-found' })
  })
})

describe('cancelling', () => {
  it('withdraws an effect, and takes no result of it any more', async () => {
    await start('x1', 'x1-a')
    expect(await json(['task:cancel', 'x1', 'x1-a', '--reason', 'twice'])).toMatchObject({
      status: 'cancelled',
    })
    expect((await json(['task:cancel', 'x1', 'x1-a'])).receipts).toEqual([])
    expect(await problem(['task:post', 'x1', 'x1-a'])).toMatchObject({ code: 'invalid-transition' })
  })

  it('ends a run at rest, and asks a running one to stop first', async () => {
    await start('x2', 'x2-a')
    expect(await json(['run:cancel', 'x2', '--reason', 'too slow'])).toMatchObject({
      runId: 'x2',
      status: 'cancelled',
      receipts: { length: 2 },
    })
    await start('x3', 'x3-a')
    await json(['task:post', 'x3', 'x3-a'])
    expect((await run(['run:cancel', 'x3'])).stdout).toBe('x3 is running, and was asked to stop\n')
    expect((await run(['run:cancel', 'x3', '--now'])).stdout).toBe('x3 is cancelled\n')
  })
})

describe('run:list', () => {
  const ids = async (...options: string[]): Promise<string[]> =>
    (await json(['run:list', '--process', 'demo/list', ...options])).runs.map((each: any) => each.runId)

  it('selects by time and sorts by end and duration', async () => {
    const at = (second: number) => `2026-03-0${second}T10:00:00.000Z`
    const created = (runId: string, second: number) => {
      const entrypoint = { importPath: 'p', exportName: 'd' }
      const data = { runId, processId: 'demo/list', entrypoint }
      return connection.draft({ stream: `run/${runId}`, type: 'RUN_CREATED', data, occurredAt: at(second) })
    }
    const ended = (runId: string, second: number) =>
      connection.draft({ stream: `run/${runId}`, type: 'RUN_COMPLETED', data: {}, occurredAt: at(second) })
    await connection.append([
      created('l1', 1),
      created('l2', 2),
      created('l3', 3),
      ended('l2', 4),
      ended('l1', 5),
      connection.draft({ stream: 'run/l1', type: 'COST_TRACKED', data: { model: 'm', costUsd: 0.25 } }),
    ])
    const { position } = await connection.eventsPage({ limit: 1 })
    await connection.runs.get('l1', { minPosition: position ?? 0 })
    expect(await ids()).toEqual(['l3', 'l2', 'l1'])
    expect(await ids('--reverse')).toEqual(['l1', 'l2', 'l3'])
    expect(await ids('--since', '2026-03-02', '--until', '2026-03-03')).toEqual(['l2'])
    expect(await ids('--sort', 'ended')).toEqual(['l1', 'l2'])
    expect(await ids('--sort', 'duration', '--reverse')).toEqual(['l2', 'l1'])
    const { stdout } = await run(['run:list', '--process', 'demo/list', '--sort', 'ended', '--limit', '1'])
    expect(stdout).toMatch(/TOOK +COST/)
    expect(stdout).toMatch(/l1 .* 4 d 00 h +0\.2500 USD/)
  })
})
