import { join } from 'node:path'
import { connectBus, inboxOfToken } from '@daybook/bus'
import { connectDaybook, type Daybook } from '@daybook/client'
import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook as command, type Ran } from './command-line.ts'
import { openFaultyLine } from './faulty-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack
let daybook: Daybook

beforeAll(async () => {
  stack = await startStack()
  daybook = await connectDaybook({ url: stack.url, token: stack.token })
}, 120_000)

afterAll(async () => {
  await daybook[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

const run = (...args: string[]): Promise<Ran> => command(args, { cwd: stack.folder })
const runJson = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)

/** A run that asks; answers the position of its last event. */
async function ask(runId: string, ...effectIds: string[]): Promise<number> {
  const stream = `run/${runId}`
  const entrypoint = { importPath: './p.js', exportName: 'process' }
  const { receipts } = await daybook.append([
    daybook.draft({ type: 'RUN_CREATED', stream, data: { runId, processId: 'p', entrypoint } }),
    ...effectIds.map((effectId) =>
      daybook.draft({
        type: 'EFFECT_REQUESTED',
        stream,
        data: {
          effectId,
          invocationKey: `k:${effectId}`,
          stepId: 'S1',
          taskId: '__sdk.breakpoint',
          kind: 'breakpoint',
          inputs: { question: `Ship ${effectId}?` },
        },
      }),
    ),
  ])
  const position = receipts.at(-1)?.position ?? 0
  await daybook.runs.get(runId, { minPosition: position })
  return position
}

describe('approvals', () => {
  it('of an imported run are listed, shown, decided, and read by its process as the file tool would have written them', async () => {
    const fixture = join(import.meta.dirname, 'fixtures', 'runs', 'pending-breakpoint', '.a5c', 'runs')
    expect((await run('run:import', fixture)).exitCode).toBe(0)
    const approvals = await waitFor(
      async () => {
        const listed = (await runJson('approvals:list')).approvals
        return listed.length > 0 && listed
      },
      { what: 'the read model' },
    )
    const [{ effectId, runId }] = approvals
    expect(approvals).toMatchObject([
      { status: 'pending', label: 'Approve plan', question: 'Ship the plan?', taskId: '__sdk.breakpoint' },
    ])
    expect((await run('approvals:list')).stdout).toMatch(
      /^EFFECT +STATUS +ASKED +BY +RUN +QUESTION\n.*pending.*Ship the plan\?\n$/,
    )
    expect((await run('approvals:show', effectId)).stdout).toMatch(/\nquestion +Ship the plan\?\n/)
    const decided = await run('approvals:approve', effectId, '--reason', 'looks good', '--scope', 'once')
    expect(decided).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nstatus +approve\n/) })
    const events = await Array.fromAsync(daybook.stream(`run/${runId}`, { types: ['EFFECT_RESOLVED'] }))
    expect(events.at(-1)?.data).toMatchObject({
      effectId,
      status: 'ok',
      result: { approved: true, response: 'looks good', respondedBy: 'admin' },
    })
  })

  it('are decided once: who comes second is told so', async () => {
    await ask('r1', 'r1-a')
    expect((await run('approvals:deny', 'r1-a', '--reason', 'too early')).exitCode).toBe(0)
    const second = await run('approvals:approve', 'r1-a', '--reason', 'now it is ready', '--json')
    expect(second).toMatchObject({ exitCode: 1, stdout: '' })
    expect(JSON.parse(second.stderr)).toMatchObject({
      code: 'already-decided',
      details: {
        approval: { decision: 'deny', reason: 'too early', decidedBy: { kind: 'user', id: 'admin' } },
      },
    })
    expect((await run('approvals:deny', 'r1-a', '--reason', 'too early')).exitCode).toBe(0)
  })

  it('are waited for', async () => {
    await ask('r2', 'r2-a')
    const waiting = run('approvals:show', 'r2-a', '--wait', '--json')
    await run('approvals:approve', 'r2-a', '--reason', 'yes')
    expect(JSON.parse((await waiting).stdout)).toMatchObject({ status: 'decided', decision: 'approve' })
  })

  it('are waited for over a line that is cut again and again', async () => {
    await ask('r6', 'r6-a')
    await using line = await openFaultyLine(stack.url)
    await using cut = await connectDaybook({ url: line.url, token: stack.token })
    let connections = 0
    const waiting = cut.approvals.wait('r6-a', {
      onPending: () => {
        connections += 1
        if (connections < 5) line.cut()
      },
    })
    await waitFor(() => connections === 5, { what: 'the fifth connection' })
    await daybook.approvals.decide('r6-a', { decision: 'approve', reason: 'yes' })
    expect(await waiting).toMatchObject({ status: 'decided' })
  })

  it('are pending still when nobody waits any more', async () => {
    await ask('r7', 'r7-a')
    const stop = new AbortController()
    const onPending = () => stop.abort()
    expect(await daybook.approvals.wait('r7-a', { signal: stop.signal, onPending })).toMatchObject({
      effectId: 'r7-a',
      status: 'pending',
    })
  })

  it('are decided once also when the answer is lost', async () => {
    await ask('r8', 'r8-a')
    await using line = await openFaultyLine(stack.url)
    await using lossy = await connectDaybook({ url: line.url, token: stack.token })
    line.loseAnswers(2)
    const decision = { decision: 'deny', reason: 'no' } as const
    expect(await lossy.approvals.decide('r8-a', decision)).toMatchObject({ decision: 'deny', decidedSeq: 3 })
    expect(line.lost).toBe(2)
    expect(await Array.fromAsync(daybook.stream('run/r8'))).toHaveLength(3)
  })

  it('are told to a subscriber at NATS, whose token may read', async () => {
    const { token, id } = await daybook.tokens.create({ name: 'listener', scopes: ['read'] })
    await using bus = await connectBus({
      servers: stack.nats,
      name: 'listener',
      token,
      inboxPrefix: inboxOfToken(id),
      wait: true,
    })
    const told: string[] = []
    await using _subscription = bus.listen('daybook.events.main.run.r9.EFFECT_RESOLVED', (message) => {
      told.push(message.text())
    })
    await ask('r9', 'r9-a')
    await daybook.approvals.decide('r9-a', { decision: 'approve', reason: 'yes' })
    await waitFor(() => told.length > 0, { what: 'the message' })
    expect(JSON.parse(told[0] ?? '')).toMatchObject({
      data: { effectId: 'r9-a', result: { approved: true } },
    })
  })

  it('of which several have one id are told apart by their runs', async () => {
    await ask('r3', 'same')
    await ask('r4', 'same')
    expect(await run('approvals:approve', 'same', '--reason', 'yes')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[ambiguous-id]'),
    })
    expect(await runJson('approvals:approve', 'same', '--reason', 'yes', '--run', 'r4')).toMatchObject({
      runId: 'r4',
    })
    expect(await runJson('approvals:show', 'same', '--run', 'r3')).toMatchObject({ status: 'pending' })
  })

  it('are exported to a file that verifies, and never over another one', async () => {
    const file = join(stack.folder, 'approvals.jsonl')
    const { exitCode, stderr } = await run('approvals:export', '--status', 'decided', '--out', file)
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^\d+ approvals are in /),
    })
    expect(await run('approvals:verify', file)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Everything holds'),
    })
    expect((await run('approvals:export', '--out', file)).exitCode).toBe(2)
    const { stdout } = await run('approvals:export', '--limit', '1')
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').trailer).toMatchObject({
      count: 1,
      cutOff: true,
    })
  })

  it('need the scope approve to be decided, and no more than that', async () => {
    await ask('r5', 'r5-a')
    const { token: reading } = await daybook.tokens.create({ name: 'reader', scopes: ['read', 'append'] })
    const { token: approving } = await daybook.tokens.create({ name: 'ann', scopes: ['approve'] })
    await using reader = await connectDaybook({ url: stack.url, token: reading })
    await using ann = await connectDaybook({ url: stack.url, token: approving })
    const decision = { decision: 'approve', reason: 'yes' } as const
    await expect(reader.approvals.decide('r5-a', decision)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await ann.approvals.decide('r5-a', decision)).toMatchObject({
      decidedBy: { kind: 'user', id: 'ann' },
    })
  })

  it('that are not there are told as such', async () => {
    for (const args of [
      ['approvals:show', 'nothing'],
      ['approvals:show', 'nothing', '--wait'],
      ['approvals:deny', 'nothing', '--reason', 'r'],
    ])
      expect(await run(...args)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('[not-found]'),
      })
  })
})
