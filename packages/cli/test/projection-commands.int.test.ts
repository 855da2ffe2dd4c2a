import { createUlids } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

const nextId = createUlids()
const run = (args: string[], stdin?: string) =>
  daybook(args, { cwd: stack.folder, ...(stdin === undefined ? {} : { stdin }) })

async function show(args: string[]): Promise<any> {
  return JSON.parse((await run([...args, '--json'])).stdout)
}

beforeAll(async () => {
  stack = await startStack()
  const lines = Array.from({ length: 40 }, (_, n) =>
    JSON.stringify({
      id: nextId(),
      stream: `run/r${n}`,
      type: 'RUN_CREATED',
      v: 1,
      data: { runId: `r${n}`, processId: 'p', entrypoint: { importPath: './p.js', exportName: 'run' } },
    }),
  )
  const { receipts } = JSON.parse((await run(['events:append', '--json'], lines.join('\n'))).stdout)
  const last = receipts.at(-1).position
  await waitFor(async () => (await show(['projection:list'])).projections[0].position >= last, {
    what: 'the read model to have the events',
  })
}, 120_000)

afterAll(() => stack[Symbol.asyncDispose]())

describe('the commands of projections', () => {
  it('list the read models', async () => {
    const { exitCode, stdout } = await run(['projection:list'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      /^PROJECTION +VERSION +GENERATION +POSITION +LAG +PARKED +STATE\nruns +\d+ +1 +\d+ +0 +0 +runs\nsessions +1 +1 +\d+ +\d+ +0 +runs\ninbound +1 +1 +\d+ +\d+ +0 +runs\ncron +1 +1 +\d+ +\d+ +0 +runs\n$/,
    )
  })

  it('rebuild one beside the running one, on the embedded database too, and wait for it', async () => {
    const command = ['projection:rebuild', 'runs', '--reason', 'doubt', '--wait']
    const { exitCode, stdout } = await run(command)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'runs runs as generation 2.\n' })
    const [runs] = (await show(['projection:list'])).projections
    expect(runs.generations).toMatchObject([
      { generation: 2, state: 'running', reason: 'doubt', actor: { kind: 'user', id: 'admin' } },
      { generation: 1, state: 'replaced' },
    ])
    expect((await show(['run:list'])).runs).toHaveLength(40)
  })

  it('verify one', async () => {
    const { exitCode, stdout } = await run(['projection:verify', 'runs'])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: '40 runs, 0 effects, of 40 events: no difference.\n',
    })
    expect(await show(['projection:verify', 'runs'])).toMatchObject({ ok: true, difference: null, runs: 40 })
  })

  it('say what is wrong about a name, or a rebuild that is not under way', async () => {
    expect(await run(['projection:verify', 'nothing'])).toMatchObject({
      exitCode: 1,
      stderr: 'daybook: There is no projection nothing. GET /v1/projections lists them. [not-found]\n',
    })
    expect(await run(['projection:cancel', 'runs'])).toMatchObject({
      exitCode: 1,
      stderr: 'daybook: No rebuild of runs is under way. [not-found]\n',
    })
    expect(await run(['projection:rebuild', 'runs'])).toMatchObject({ exitCode: 2 })
  })
})
