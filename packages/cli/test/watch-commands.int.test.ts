import { createUlids } from '@daybook/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook, type Surroundings } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const nextId = createUlids()
const run = (args: string[], around: Surroundings = {}) => daybook(args, { cwd: stack.folder, ...around })

async function append(runId: string, ...events: [type: string, data: object][]): Promise<void> {
  const lines = events.map(([type, data]) =>
    JSON.stringify({ id: nextId(), stream: `run/${runId}`, type, v: 1, data }),
  )
  expect(await run(['events:append'], { stdin: lines.join('\n') })).toMatchObject({ exitCode: 0 })
}

const created = (runId: string): [string, object] => [
  'RUN_CREATED',
  { runId, processId: 'p', entrypoint: { importPath: 'p.js', exportName: 'default' } },
]
const log = (message: string): [string, object] => ['PROCESS_LOG', { message }]

const typesIn = (stdout: string) => stdout.match(/[A-Z]+_[A-Z]+/g)

describe('run:tail', () => {
  it('shows a run from its beginning, as it goes on, until it ends', async () => {
    await append('t1', created('t1'), log('one'))
    let isAnswered = false
    const tail = run(['run:tail', 't1'], {
      onStdout: (text) => {
        if (isAnswered || !text.includes('PROCESS_LOG')) return
        isAnswered = true
        void append('t1', log('two'), ['RUN_COMPLETED', {}])
      },
    })
    const { exitCode, stdout } = await tail
    expect(exitCode).toBe(0)
    expect(typesIn(stdout)).toEqual(['RUN_CREATED', 'PROCESS_LOG', 'PROCESS_LOG', 'RUN_COMPLETED'])
  })

  it('shows only what is asked for, and still sees the end', async () => {
    await append('t2', created('t2'), log('one'), ['RUN_FAILED', { error: { message: 'no' } }])
    const { stdout } = await run(['run:tail', 't2', '--types', 'PROCESS_LOG', '--json'])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ seq: 2, type: 'PROCESS_LOG' }])
    const none = await run([
      'run:tail',
      't2',
      '--actors',
      'agent:nobody',
      '--types',
      'PROCESS_LOG',
      '--limit',
      '1',
      '--after',
      '2',
    ])
    expect(none).toMatchObject({ exitCode: 0, stdout: '' })
  })

  it('says that there is no such run instead of waiting for it', async () => {
    const { exitCode, stderr } = await run(['run:tail', 'nowhere', '--json'])
    expect({ exitCode, code: JSON.parse(stderr).code }).toEqual({ exitCode: 1, code: 'not-found' })
  })
})

describe('events:tail', () => {
  it('shows the last events first', async () => {
    await append('t3', created('t3'), log('one'), log('two'))
    const { stdout } = await run(['events:tail', '--last', '2', '--limit', '2', '--json'])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).data.message),
    ).toEqual(['one', 'two'])
  })

  it('shows what is in some streams, or was appended by some', async () => {
    await append('t4', created('t4'), log('one'))
    const streams = await run([
      'events:tail',
      '--after',
      '0',
      '--streams',
      'run/t4',
      '--limit',
      '2',
      '--json',
    ])
    const events = streams.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events).toMatchObject([
      { stream: 'run/t4', seq: 1 },
      { stream: 'run/t4', seq: 2 },
    ])
    const { kind, id } = events[0].actor
    const actors = await run([
      'events:tail',
      '--after',
      '0',
      '--actors',
      `${kind}:${id}`,
      '--limit',
      '1',
      '--json',
    ])
    expect(JSON.parse(actors.stdout).actor).toEqual({ kind, id })
  })

  it.each([
    ['--last 2 --after 0', 'invalid-usage'],
    ['--last 101', 'invalid-usage'],
    ['--actors ann', 'invalid-request'],
  ])('refuses %s', async (options, code) => {
    const { stderr } = await run(['events:tail', ...options.split(' '), '--json'])
    expect(JSON.parse(stderr)).toMatchObject({ code })
  })
})
