import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack
beforeAll(async () => {
  stack = await startStack()
}, 120_000)
afterAll(() => stack[Symbol.asyncDispose]())

const run = (...args: string[]) => daybook(args, { cwd: stack.folder })

async function show(...args: string[]): Promise<any> {
  const { stdout, stderr, exitCode } = await run(...args, '--json')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** Once the read model has what was changed. */
function seen(sessionId: string, lastSeq: number): Promise<any> {
  return waitFor(
    async () => {
      const found = await show('session:show', sessionId)
      return found.lastSeq >= lastSeq && found
    },
    { what: `event ${lastSeq} of the session` },
  )
}

describe('the commands of sessions', () => {
  it('find or start one, and say which it was', async () => {
    const first = await run('session:resolve', 'slack:1', '--channel', 'slack', '--title', 'Hello')
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^started: [0-9a-f]{32}\n$/) })
    const again = await run('session:resolve', 'slack:1')
    expect(again.stdout).toBe(first.stdout.replace('started', 'found'))
    const { session, changed, position } = await show('session:resolve', 'slack:1')
    expect({ changed, position }).toEqual({ changed: false, position: null })
    expect(session).toMatchObject({ sessionKey: 'slack:1', principal: 'user:admin', channel: 'slack' })
  })

  it('rename, link, branch, archive and reset one', async () => {
    const { sessionId } = (await show('session:resolve', 'story')).session
    await show('run:create', '--process-id', 'p', '--entry', 'p.mjs#run', '--run-id', 'story-1')
    expect((await run('session:link', sessionId, 'story-1')).stdout).toBe(`linked: ${sessionId}\n`)
    expect((await run('session:rename', sessionId, 'Mine')).stdout).toBe(`renamed: ${sessionId}\n`)
    expect((await run('session:rename', sessionId, 'No', '--derived')).stdout).toBe(
      `left as it was: ${sessionId}\n`,
    )
    const branch = await show('session:branch', sessionId, '--from-run', 'story-1', '--title', 'What if')
    expect(branch.session).toMatchObject({ branchState: 'active-branch', title: 'What if' })
    expect((await run('session:archive', sessionId, '--reason', 'done')).stdout).toMatch(/^archived: /)
    expect(await show('session:reset', sessionId, '--reason', 'again', '--epoch', '1')).toMatchObject({
      changed: true,
      session: { epoch: 2, status: 'active' },
    })
    expect((await run('session:reset', sessionId, '--reason', 'again', '--epoch', '1')).stdout).toMatch(
      /^that epoch had ended: /,
    )
    const found = await seen(sessionId, 6)
    expect(found).toMatchObject({ title: 'Mine', branchState: 'branch-source', runs: [{ runId: 'story-1' }] })
    const text = (await run('session:show', sessionId)).stdout
    expect(text).toMatch(/^title {5}Mine \(person\)$/m)
    expect(text).toMatch(/^RUN +STATUS +UPDATED +PROCESS\nstory-1 +created/m)
    const list = await show('session:list', '--parent', sessionId)
    expect(list.sessions).toMatchObject([{ sessionId: branch.session.sessionId }])
    expect((await run('session:list', '--limit', '1')).stdout).toMatch(
      /^SESSION +STATUS.*\n[0-9a-f]{32} .*\n$/,
    )
  })

  it('say what is wrong', async () => {
    expect(await run('session:archive', 'nobody')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no such session'),
    })
    expect((await run('session:list', '--status', 'asleep')).exitCode).toBe(2)
    expect((await run('session:branch', 'x')).exitCode).toBe(2)
  })

  it('compare the read model with a fresh fold', async () => {
    expect((await run('projection:verify', 'sessions')).stdout).toMatch(
      /^\d+ sessions, \d+ links, of \d+ events: no difference\.\n$/,
    )
  })
})
