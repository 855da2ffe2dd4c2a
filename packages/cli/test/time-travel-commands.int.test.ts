import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
  const stream = 'run/past'
  const asked = {
    effectId: 'e1',
    invocationKey: 'k',
    stepId: 's',
    taskId: 't',
    kind: 'breakpoint',
    label: 'ok?',
  }
  const entrypoint = { importPath: './p.js', exportName: 'process' }
  const events = [
    { stream, type: 'RUN_CREATED', data: { runId: 'past', processId: 'demo', entrypoint } },
    { stream, type: 'EFFECT_REQUESTED', data: asked },
    { stream, type: 'EFFECT_RESOLVED', data: { effectId: 'e1', status: 'ok', result: { approved: true } } },
    { stream, type: 'RUN_COMPLETED', data: { output: 'done' } },
  ].map((event, nth) => ({ id: `01K0000000000000000000000${nth + 1}`, v: 1, ...event }))
  const stdin = JSON.stringify({ events })
  const appended = await daybook(['events:append', '-'], { cwd: stack.folder, stdin })
  expect(appended).toMatchObject({ exitCode: 0, stderr: '' })
}, 120_000)

afterAll(() => stack[Symbol.asyncDispose]())

const run = (...args: string[]) => daybook(args, { cwd: stack.folder })

describe('run:status --at', () => {
  it('shows where the run was, and what it waited for', async () => {
    const { stdout, exitCode } = await run('run:status', 'past', '--at', '2')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^run {7}past\nas of {5}event 2 of 4, recorded \d{4}-/)
    expect(stdout).toMatch(/status {4}waiting\n/)
    expect(stdout).toMatch(/pending {3}1 breakpoint\n/)
    expect(stdout).toMatch(/PENDING {2}KIND[^\n]*\ne1 {7}breakpoint {2}\S+ {2}ok\?\n$/)
  })

  it('gives programs the state as the API has it', async () => {
    const { stdout } = await run('run:status', 'past', '--at', '2', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      runId: 'past',
      seq: 2,
      lastSeq: 4,
      run: { status: 'waiting', lastSeq: 2 },
      effects: { e1: { status: 'requested' } },
    })
  })

  it('takes an instant, and knows the time before the run', async () => {
    const now = await run('run:status', 'past', '--at', '2999-01-01')
    expect(now.stdout).toContain('status    completed')
    const before = await run('run:status', 'past', '--at', '2020-01-01')
    expect(before.stdout).toBe(
      'run       past\nas of     before the first event\nstatus    not created yet\n',
    )
  })

  it('refuses what is no moment, and a seq that the run has not reached', async () => {
    expect(await run('run:status', 'past', '--at', 'yesterday')).toMatchObject({ exitCode: 2, stdout: '' })
    const { exitCode, stderr } = await run('run:status', 'past', '--at', '5')
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('has 4 events')
  })
})

describe('run:diff', () => {
  it('says what changed, with what was there before', async () => {
    const { stdout, stderr, exitCode } = await run('run:diff', 'past', '--from', '2', '--to', '3')
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^from event 2, recorded \S+, to event 3, recorded \S+\n$/)
    expect(stdout).toContain('~   status: waiting → running\n')
    expect(stdout).toContain('  effect e1\n')
    expect(stdout).toContain('~   status: resolved_ok\n')
    expect(stdout).toContain('+   result: {"approved":true}\n')
  })

  it('gives programs the JSON Patch', async () => {
    const { stdout } = await run('run:diff', 'past', '--from', '3', '--json')
    const { from, to, patch } = JSON.parse(stdout)
    expect([from.seq, to.seq]).toEqual([3, 4])
    expect(patch).toContainEqual({ op: 'replace', path: '/run/status', value: 'completed' })
  })

  it('says so when nothing changed', async () => {
    expect(await run('run:diff', 'past', '--from', '2', '--to', '2')).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining('nothing changed'),
    })
  })
})

describe('session:show --at and session:diff', () => {
  it('show a session as it was, and what has changed since', async () => {
    const { stdout: resolved } = await run('session:resolve', 'key', '--title', 'First', '--json')
    const { sessionId } = JSON.parse(resolved).session
    await run('session:rename', sessionId, 'Second')
    await run('session:link', sessionId, 'past')
    const then = await run('session:show', sessionId, '--at', '1')
    expect(then.stdout).toMatch(/as of {5}event 1 of 3, [^\n]+\nkey {7}key\ntitle {5}First\n/)
    const { stdout } = await run('session:diff', sessionId, '--from', '1')
    expect(stdout).toContain('~   title: First → Second\n')
    expect(stdout).toContain('+ linked run past {')
    const json = await run('session:diff', sessionId, '--from', '1', '--to', '2', '--json')
    expect(JSON.parse(json.stdout).patch).toContainEqual({
      op: 'replace',
      path: '/session/title',
      value: 'Second',
    })
  })
})
