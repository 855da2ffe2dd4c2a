import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook } from '@daybook/client'
import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TapeEntry } from '../src/tape-entry.ts'
import { daybook } from './command-line.ts'
import { copyOf, fixture, runOf, soundRuns } from './run-directory.ts'
import { type RunningStack, startStack } from './running-stack.ts'
import { renameRun, writeSealed } from './sealed-event.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const run = (...args: string[]) => daybook(args, { cwd: stack.folder })

/** What the tests look into of the output; the rest is compared as it is. */
interface Output {
  readonly events: readonly TapeEntry[]
  readonly runs: readonly { readonly runId: string }[]
  readonly [name: string]: unknown
}

async function json(...args: string[]): Promise<Output> {
  const { exitCode, stdout, stderr } = await run(...args, '--json')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  return JSON.parse(stdout)
}

async function recorded(name: string, file: string): Promise<Output> {
  return JSON.parse(await readFile(fixture(name, 'cli', file), 'utf8'))
}

async function headPosition(): Promise<number> {
  await using connection = await connectDaybook({ url: stack.url, token: stack.token })
  const { position } = await connection.eventsPage({ limit: 1 })
  return position ?? 0
}

describe.each(soundRuns)('the run %s', (name) => {
  it('is imported whole, and importing it again changes nothing', async () => {
    const path = fixture(name)
    const first = await json('run:import', path)
    const { events } = await recorded(name, 'run-events.json')
    expect(first.runs).toMatchObject([
      { outcome: 'imported', events: events.length, eventsAdded: events.length },
    ])
    const before = await headPosition()
    expect((await json('run:import', path)).runs).toMatchObject([
      { outcome: 'already-imported', eventsAdded: 0 },
    ])
    expect(await headPosition()).toBe(before)
  })

  const runId = async (): Promise<string> => (await runOf(name)).split('/').at(-1) ?? ''

  it.each([
    ['run-events.json', ['run:events']],
    ['run-events.reverse.json', ['run:events', '--reverse']],
    ['run-events.limit2.json', ['run:events', '--limit', '2']],
    ['run-events.limit2-reverse.json', ['run:events', '--limit', '2', '--reverse']],
    ['run-events.filter-effect_resolved.json', ['run:events', '--filter-type', 'EFFECT_RESOLVED']],
    [
      'run-events.filter-lower-limit1-reverse.json',
      ['run:events', '--filter-type', 'effect_resolved', '--limit', '1', '--reverse'],
    ],
    ['run-events.filter-none.json', ['run:events', '--filter-type', 'NO_SUCH_TYPE']],
    ['task-list.json', ['task:list']],
    ['task-list.pending.json', ['task:list', '--pending']],
    ['task-list.kind-breakpoint.json', ['task:list', '--kind', 'Breakpoint']],
  ])('is told as the tool tells it: %s', async (file, [command = '', ...options]) => {
    expect(await json(command, await runId(), ...options)).toEqual(await recorded(name, file))
  })

  it('is told as the tool tells it: run-status.json, and more', async () => {
    const status = await json('run:status', await runId())
    const expected = await recorded(name, 'run-status.json')
    expect(status).toMatchObject(expected)
    expect(status['metadata']).toEqual(expected['metadata'])
    expect(status['completionProof']).toBe(expected['completionProof'])
  })
})

describe('run:events', () => {
  const runId = '01M7YJZD5YW502KKT9P5VKADPA'

  const seqs = async (...options: string[]): Promise<number[]> =>
    (await json('run:events', runId, ...options)).events.map(({ seq }) => seq)

  it('goes on behind a sequence number, also backwards', async () => {
    expect(await seqs('--after', '10')).toEqual([11, 12])
    expect(await seqs('--after', '10', '--reverse')).toEqual([12, 11])
    expect(await seqs('--after', '12')).toEqual([])
  })

  it('tells of one effect alone', async () => {
    const effectId = '01M7YJZDWTEBVFEXBPQHNRXWPC'
    expect(await seqs('--effect', effectId)).toEqual([2, 3])
    expect(await seqs('--effect', effectId, '--reverse', '--limit', '1')).toEqual([3])
    expect(await seqs('--effect', 'nope')).toEqual([])
  })

  it('shows people a table', async () => {
    const { stdout, exitCode } = await run('run:events', runId, '--limit', '2')
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^SEQ +RECORDED +TYPE +ABOUT$/),
      expect.stringMatching(/^ +1 +2026-11-21T08:18:44\.563Z +RUN_CREATED +demo\/release$/),
      expect.stringMatching(
        /^ +2 +2026-11-21T08:18:45\.290Z +EFFECT_REQUESTED +node planning 01M7YJZDWTEBVFEXBPQHNRXWPC$/,
      ),
    ])
  })

  it('of a run that is not there fails and says where to look', async () => {
    const { exitCode, stdout, stderr } = await run('run:events', 'nope')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toBe('daybook: There is no run nope. See which there are: daybook run:list [not-found]\n')
  })

  it('follows a run as it grows, one event a line', async () => {
    const stop = new AbortController()
    const lines: string[] = []
    const following = daybook(['run:events', 'live-1', '--follow', '--json'], {
      cwd: stack.folder,
      signal: stop.signal,
      onStdout: (text) => lines.push(text),
    })
    await using connection = await connectDaybook({ url: stack.url, token: stack.token })
    const stream = 'run/live-1'
    await connection.append(
      connection.draft({
        stream,
        type: 'RUN_CREATED',
        data: { runId: 'live-1', processId: 'p', entrypoint: { importPath: '', exportName: '' } },
      }),
    )
    await waitFor(() => lines.length === 1, { what: 'the first event' })
    await connection.append(connection.draft({ stream, type: 'RUN_COMPLETED', data: { output: 1 } }))
    await waitFor(() => lines.length === 2, { what: 'the second event' })
    stop.abort()
    expect(await following).toMatchObject({ exitCode: 0 })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { seq: 1, type: 'RUN_CREATED' },
      { seq: 2, type: 'RUN_COMPLETED', data: { output: 1 } }, // an event that was journaled live keeps all it has
    ])
  })
})

describe('run:status', () => {
  it('says why a run asked to be left alone', async () => {
    await using connection = await connectDaybook({ url: stack.url, token: stack.token })
    const stream = 'run/halted-1'
    const data = { runId: 'halted-1', processId: 'p', entrypoint: { importPath: '', exportName: '' } }
    await connection.append(connection.draft({ stream, type: 'RUN_CREATED', data }))
    const halted = { reason: 'budget', payload: { spentUsd: 5 } }
    await connection.append(connection.draft({ stream, type: 'RUN_HALTED', data: halted }))
    expect(await json('run:status', 'halted-1')).toMatchObject({ state: 'halted', ...halted })
  })
})

describe('task:list', () => {
  const runId = '01M7YK0X2B5DXA5DBCNP2CNW3P'

  it('shows people a table of what was asked for', async () => {
    const { stdout, stderr } = await run('task:list', runId, '--pending')
    expect(stdout).toMatch(/^EFFECT +KIND +STATUS +REQUESTED +RESOLVED +TASK +LABEL\n/)
    expect(stdout).toMatch(/^01M7YK0XW8ZQZDZ2DFVFVXN37P +breakpoint +requested .* Approve plan\n$/m)
    expect(stderr).toBe(`1 effects of ${runId} are pending\n`)
  })

  it('of a run that is not there fails and says where to look', async () => {
    expect(await run('task:list', 'nope')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('There is no run nope'),
    })
  })
})

describe('run:import', () => {
  it('refuses a damaged run with what is wrong with each file, and sends nothing of it', async () => {
    const before = await headPosition()
    for (const name of [
      'bad-checksum',
      'gap',
      'duplicate-seq',
      'double-resolve',
      'tmp-leftover',
      'truncated-json',
    ]) {
      const { exitCode, stdout, stderr } = await run('run:import', fixture('damaged', name), '--json')
      expect(exitCode).toBe(1)
      expect(JSON.parse(stdout)).toMatchObject({
        runs: [{ outcome: 'refused', eventsAdded: 0, error: { code: 'damaged-run' } }],
      })
      expect(JSON.parse(stderr)).toMatchObject({
        code: 'damaged-run',
        details: {
          findings: [
            { file: expect.stringContaining('journal/') },
            ...(name === 'gap' || name === 'duplicate-seq' ? [expect.anything()] : []),
          ],
        },
      })
    }
    expect(await headPosition()).toBe(before)
  })

  it('imports the sound runs of a folder, tells of the others, and fails', async () => {
    await using sound = await copyOf('just-created')
    await renameRun(sound.path, 'mixed-1')
    const { exitCode, stdout, stderr } = await run('run:import', sound.path, fixture('damaged', 'gap'))
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/mixed-1 +imported/)
    expect(stdout).toMatch(/01M7YJZD5YW502KKT9P5VKADPA +refused/)
    expect(stderr).toContain('comes where 6 is expected: 6 is missing (gap)')
    expect(stderr).toContain('[damaged-run]')
  })

  it('brings in only what is new of a run that went on', async () => {
    await using copy = await copyOf('just-created')
    await renameRun(copy.path, 'growing-1')
    expect((await json('run:import', copy.path)).runs).toMatchObject([
      { outcome: 'imported', eventsAdded: 1 },
    ])
    const next = join(copy.path, 'journal', '000002.01ZZZZZZZZZZZZZZZZZZZZZZZZ.json')
    await writeSealed(next, {
      type: 'PROCESS_LOG',
      recordedAt: '2026-11-22T00:00:00.000Z',
      data: { logSeq: 1, message: 'hello' },
    })
    expect((await json('run:import', copy.path)).runs).toMatchObject([
      { outcome: 'extended', events: 2, eventsAdded: 1 },
    ])
    expect((await json('run:import', copy.path)).runs).toMatchObject([{ outcome: 'already-imported' }])
    expect((await json('run:events', 'growing-1')).events).toHaveLength(2)
  })

  it('refuses a run whose name another one has', async () => {
    await using connection = await connectDaybook({ url: stack.url, token: stack.token })
    const data = { runId: 'taken-1', processId: 'p', entrypoint: { importPath: '', exportName: '' } }
    await connection.append(connection.draft({ stream: 'run/taken-1', type: 'RUN_CREATED', data }))
    await using copy = await copyOf('just-created')
    await renameRun(copy.path, 'taken-1')
    const { exitCode, stderr } = await run('run:import', copy.path)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('already has a run taken-1 with other events')
    expect(stderr).toContain('[seq-conflict]')
    expect((await json('run:events', 'taken-1')).events).toHaveLength(1)
  })

  it('checks without a server on a dry run', async () => {
    const { exitCode, stdout } = await daybook([
      'run:import',
      await runOf('completed'),
      '--dry-run',
      '--json',
      '--url',
      'http://127.0.0.1:1',
    ])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      runs: [{ outcome: 'would-import', events: 12, eventsAdded: 0, files: 29 }],
    })
  })

  it('says so when there is nothing to import', async () => {
    expect(await run('run:import', '/nonexistent')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is not a folder'),
    })
    expect(await run('run:import', import.meta.dirname)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no run directory in'),
    })
  })

  it('keeps the original files, byte for byte', async () => {
    await using connection = await connectDaybook({ url: stack.url, token: stack.token })
    const path = await runOf('completed')
    for await (const { data } of connection.stream('import/01M7YJZD5YW502KKT9P5VKADPA')) {
      const files: { path: string; sha256: string }[] = JSON.parse(JSON.stringify(data['files']))
      for (const { path: name, sha256 } of files) {
        expect(Buffer.from(await connection.blobs.get(sha256))).toEqual(await readFile(join(path, name)))
      }
    }
  })
})

describe('run:list', () => {
  it('lists the imported runs, filtered', async () => {
    const { runs } = await json('run:list', '--status', 'waiting')
    expect(runs.map(({ runId }) => runId)).toEqual([
      '01M7YKETTRNKAH34C3YMYPHCTF',
      '01M7YK0X2B5DXA5DBCNP2CNW3P',
    ])
    const { runs: some } = await json('run:list', '--limit', '1')
    expect(some).toHaveLength(1)
  })

  it('shows people a table, and says so when there is nothing', async () => {
    expect((await run('run:list')).stdout).toMatch(
      /^RUN +STATUS +PENDING +EFFECTS +EVENTS +TOOK +COST +UPDATED +PROCESS\n/,
    )
    expect(await run('run:list', '--process', 'nope')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'No runs. Import some: daybook run:import <dir>\n',
    })
  })

  it('refuses a status that is none, with the code of the server', async () => {
    expect(await run('run:list', '--status', 'sleepy')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/\[invalid-request\]\n$/),
    })
  })
})
