import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook } from '@daybook/client'
import { createTempFolder, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findToken } from '../src/token.ts'
import { daybook, type Surroundings } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const run = (args: string[], around: Surroundings = {}) => daybook(args, { cwd: stack.folder, ...around })
const create = async (...args: string[]): Promise<string> =>
  (await run(['token:create', '--name', 'bot', ...args])).stdout.trim()
/** With nothing but what is said. */
const away = (args: string[], env: Record<string, string> = {}) =>
  daybook([...args, '--url', stack.url], { cwd: '/', env })

describe('the token is found', () => {
  it('in the folder of the stack, or one above it, where only its owner can read it', async () => {
    const file = join(stack.folder, '.daybook', 'token')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await run(['run:list'])).exitCode).toBe(0)
    const below = join(stack.folder, 'a', 'b')
    await mkdir(below, { recursive: true })
    expect((await run(['run:list', '--url', stack.url], { cwd: below })).exitCode).toBe(0)
  })

  it('by --token-file before DAYBOOK_TOKEN before the folder', async () => {
    const file = join(stack.folder, 'good.token')
    await writeFile(file, `${stack.token}\n`)
    const DAYBOOK_TOKEN = `dbk_admin_${'0'.repeat(40)}`
    expect((await run(['run:list'], { env: { DAYBOOK_TOKEN } })).exitCode).toBe(1)
    expect((await run(['run:list', '--token-file', file], { env: { DAYBOOK_TOKEN } })).exitCode).toBe(0)
    expect((await away(['run:list'], { DAYBOOK_TOKEN: stack.token })).exitCode).toBe(0)
  })

  it('nowhere: then it is said how to get one', async () => {
    const { exitCode, stderr } = await away(['run:list'])
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/--token-file.*\[unauthenticated\]/)])
  })

  // Without `isThisMachine` whoever gets somebody to run a command with their --url has the token of the folder.
  it('for this machine only: another host never sees that of a folder', async () => {
    const at = { cwd: stack.folder, env: {} }
    for (const url of [
      'http://127.0.0.1:7400',
      'http://localhost:1',
      'http://[::1]:7400',
      'http://127.8.8.8',
    ])
      expect(await findToken(undefined, url, at)).toBe(stack.token)
    for (const url of [
      'http://example.com',
      'http://127.0.0.1.example.com',
      'http://localhost.example.com',
      'http://10.0.0.1',
      'http://user@example.com/127.0.0.1',
    ])
      expect(await findToken(undefined, url, at)).toBeUndefined()
  })

  it('not in a file that holds something else, which is not shown', async () => {
    await using folder = await createTempFolder()
    const file = join(folder.path, 'notes')
    await writeFile(file, 'my other secret\nand more')
    const { exitCode, stderr } = await away(['run:list', '--token-file', file])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('holds no token')])
    expect(stderr).not.toContain('secret')
  })
})

describe('token:create', () => {
  it('prints the token alone, to be put into a file, and the rest beside it', async () => {
    const { exitCode, stdout, stderr } = await run([
      'token:create',
      '--name',
      'ci',
      '--scope',
      'append,read',
      '--ttl',
      '30d',
      '--actor',
      'agent:ci',
    ])
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^dbk_[a-z0-9]{13}_[a-z0-9]{50}\n$/)])
    expect(stderr).toMatch(/^Token \S+ of agent:ci: read, append; until \d{4}-.*\nIt is shown only now\./)
    expect(stderr).not.toContain(stdout.trim())
  })

  it('makes one that may do what it says and nothing else, in the name of its actor', async () => {
    const token = await create('--scope', 'append,read', '--actor', 'agent:ci')
    const env = { DAYBOOK_TOKEN: token }
    const draft = { stream: 'run/by-ci', type: 'PROCESS_LOG', data: { message: 'x' } }
    const append = await daybook(['events:append', '--url', stack.url], {
      cwd: '/',
      env,
      stdin: JSON.stringify(draft),
    })
    expect(append.exitCode).toBe(0)
    const { stdout } = await away(['run:events', 'by-ci', '--json'], env)
    expect(stdout).toContain('PROCESS_LOG')
    await using client = await connectDaybook({ url: stack.url, token })
    const [event] = (await client.streamPage('run/by-ci')).items
    expect(event?.actor).toEqual({ kind: 'agent', id: 'ci' })
    const hold = await away(['hold:set', 'run/by-ci', '--reason', 'x'], env)
    expect([hold.exitCode, hold.stderr]).toEqual([1, expect.stringContaining('needs the scope admin')])
    const inTheNameOfAnn = client.draft({
      stream: 'run/by-ci',
      type: 'PROCESS_LOG',
      data: { message: 'x' },
      actor: { kind: 'user', id: 'ann' },
    })
    await expect(client.append(inTheNameOfAnn)).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('token:list and token:revoke', () => {
  it('show who may call, and end it', async () => {
    const token = await create('--scope', 'read')
    const [, id = ''] = token.split('_')
    await away(['run:list'], { DAYBOOK_TOKEN: token })
    const listed = await run(['token:list'])
    expect(listed.stdout).toMatch(new RegExp(`^${id} +bot +user:bot +read +good +\\S+ +\\S+$`, 'm'))
    expect(listed.stdout).not.toContain(token)
    expect((await run(['token:revoke', id])).stdout).toBe(`${id} (bot) is revoked.\n`)
    await waitFor(async () => (await away(['run:list'], { DAYBOOK_TOKEN: token })).exitCode === 1, {
      what: 'its end',
    })
    const { tokens } = JSON.parse((await run(['token:list', '--json'])).stdout)
    expect(tokens[0]).toMatchObject({ id, revokedAt: expect.any(String) })
    const unknown = await run(['token:revoke', '0000000000000'])
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('[not-found]')])
  })

  it('stand in the journal, and so does who did it', async () => {
    await using client = await connectDaybook({ url: stack.url, token: stack.token })
    const events = await Array.fromAsync(client.events({ kinds: ['token'] }))
    expect(events.map(({ type }) => type)).toContain('TOKEN_REVOKED')
    expect(new Set(events.map(({ actor }) => `${actor.kind}:${actor.id}`))).toEqual(new Set(['user:admin']))
  })
})
