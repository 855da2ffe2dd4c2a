import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClaimedMessage, connectDaybook, type Daybook } from '@daybook/client'
import { startProcess, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook as command, type Surroundings } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

const supportBot = join(import.meta.dirname, '..', '..', '..', 'examples', 'support-bot')
let stack: RunningStack
let daybook: Daybook

beforeAll(async () => {
  const sources = await readFile(join(supportBot, 'sources.json'), 'utf8')
  stack = await startStack({ 'sources.json': sources, 'telegram-secret': 'c2VjcmV0' })
  daybook = await connectDaybook({ url: stack.url, token: stack.token })
}, 120_000)

afterAll(async () => {
  await daybook[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

const run = (args: string[], around: Surroundings = {}) => command(args, { cwd: stack.folder, ...around })
const runJson = async (...args: string[]) => JSON.parse((await run([...args, '--json'])).stdout)
const receive = (conversation: string, messageId: string, ...payload: string[]) =>
  run(['inbound:receive', 'telegram', 'support', conversation, messageId, ...payload])

/** The key that an answer for people ends with. */
const keyIn = (stdout: string): string => stdout.trimEnd().split(': ').at(-1) ?? ''

/** Received, claimed, and failed for good. */
async function dead(conversation: string, messageId = '1'): Promise<string> {
  const key = keyIn((await receive(conversation, messageId, '{"text":"hello"}')).stdout)
  const [claimed] = await claim(key)
  await daybook.inbound.fail(claimed, { class: 'Refused', message: 'no\u001b', retryable: false })
  await untilState(key, 'dead')
  return key
}

async function claim(key: string): Promise<[ClaimedMessage]> {
  const [claimed] = await daybook.inbound.claim({ worker: 'test', key })
  if (claimed === undefined) throw new Error(`nobody has ${key}, and it cannot be claimed`)
  return [claimed]
}

const untilState = (key: string, state: string) =>
  waitFor(async () => (await daybook.inbound.get(key)).state === state, { what: `${key} to be ${state}` })

describe('messages that come in', () => {
  it('are handed in with what they say as an argument, a file or standard input, and recognised', async () => {
    const first = await receive('c1', '1', '{"text":"hello"}')
    const key = keyIn(first.stdout)
    expect(first).toEqual({ exitCode: 0, stdout: `accepted: ${key}\n`, stderr: '' })
    expect(key).toMatch(/^[a-z2-7]{52}$/)
    const again = await run(['inbound:receive', 'telegram', 'support', 'c1', '1', '-'], {
      stdin: '{ "text": "hello" }',
    })
    expect(again).toMatchObject({ exitCode: 0, stdout: `duplicate-pending: ${key}\n` })
    await writeFile(join(stack.folder, 'edited.json'), '{"text":"hallo"}')
    const edited = ['inbound:receive', 'telegram', 'support', 'c1', '1', '--file', 'edited.json', '--json']
    expect(JSON.parse((await run(edited)).stdout)).toEqual({ outcome: 'conflict', key, state: 'pending' })
    const shown = await waitFor(
      async () => {
        const { stdout } = await run(['inbound:show', key])
        return stdout.includes('Other bodies') && stdout
      },
      { what: 'the edited body to be shown' },
    )
    expect(shown).toContain('conversation  c1\n')
    expect(shown).toContain('~   text: hello → hallo')
    expect(await receive('c1', '', '{}')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('[invalid-request]'),
    })
  })

  it('are listed, newest first, and those in a state', async () => {
    const key = await dead('c2')
    const listed = await run(['inbound:list', '--state', 'dead', '--conversation', 'c2'])
    expect(listed.stdout).toMatch(/^ *AGE +STATE +TRIES +LAST ERROR +SOURCE +CONVERSATION +MESSAGE +KEY\n/)
    expect(listed.stdout).toMatch(
      new RegExp(`dead: not-retryable +1 +Refused +telegram:support +c2 +1 +${key}\n$`),
    )
    const { messages } = await runJson('inbound:list', '--source', 'telegram', '--limit', '1')
    expect(messages).toMatchObject([{ key, state: 'dead', lane: 'inbound/telegram:support:c2' }])
    expect(await run(['inbound:list', '--state', 'replying'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'No replying messages.\n',
    })
  })

  it('that are dead are requeued and dismissed by people, and one that is refused stops no other', async () => {
    const [good, other, newer] = [await dead('c3'), await dead('c4'), await dead('c4', '2')]
    const { exitCode, stdout } = await run([
      'inbound:requeue',
      'a'.repeat(52),
      good,
      '--reason',
      'it is mended',
      '--json',
    ])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { key: 'a'.repeat(52), outcome: 'not-found', problem: { code: 'not-found' } },
        { key: good, outcome: 'requeued' },
      ],
      failed: 1,
    })
    await untilState(good, 'pending')
    const dismiss = ['inbound:dismiss', '--all', '--conversation', 'c4', '--reason', 'a test']
    const dismissed = await run(dismiss)
    expect(dismissed).toMatchObject({ exitCode: 0, stderr: '' })
    // Oldest first, as they came.
    expect(dismissed.stdout).toMatch(
      new RegExp(`^KEY +OUTCOME +DETAIL\n${other} +dismissed +nothing more .*\n${newer} +dismissed `),
    )
    await untilState(newer, 'dismissed')
    expect((await run(['inbound:show', other])).stdout).toMatch(/\ndismissed +\S+: a test\n/)
    expect(await run(dismiss)).toMatchObject({ exitCode: 0, stdout: '', stderr: 'No messages fit.\n' })
  })

  it('are counted, exported, replayed and told about', async () => {
    const key = await dead('c5')
    const { sources } = await runJson('inbound:stats')
    expect(sources).toMatchObject([{ source: 'telegram', account: 'support', duplicates: 1, conflicts: 1 }])
    const watch = new AbortController()
    const watched = await run(['inbound:stats', '--watch', '--json'], {
      signal: watch.signal,
      onStdout: () => watch.abort(),
    })
    expect(watched).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await run(['inbound:export', '--out', 'dead.jsonl'])).stderr).toMatch(/messages? in dead\.jsonl/)
    const lines = (await readFile(join(stack.folder, 'dead.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ key, state: 'dead', payload: { text: 'hello' } })
    const due = await runJson('inbound:replay', '--dry-run')
    expect(due.messages).toContainEqual(expect.objectContaining({ lane: 'inbound/telegram:support:c1' }))
    expect((await run(['inbound:replay', '--source', 'nobody'])).stderr).toBe('Nothing is due.\n')
    const told = await run(['audit:report', '--kind', 'inbound', '--failures'])
    expect(told.stdout).toContain(`attempt 1 at message ${key} failed: Refused: no\\u001b`)
  })
})

// The bot also meets what the tests above have left, which is for no bot: it comes last.
it('the example of a bot answers what a platform delivers more than once exactly once', async () => {
  await using example = await startProcess({
    command: process.execPath,
    args: [join(supportBot, 'run.mjs')],
    cwd: stack.folder,
    env: { DAYBOOK_URL: stack.url },
  })
  expect(await example.ended).toEqual({ code: 0, signal: null })
  const rows = /^messages that people sent.*/ms.exec(example.output)?.[0].trimEnd().split('\n') ?? []
  const [sent, delivered, repeated, seen, twice, ambiguous] = rows.map((row) =>
    Number(row.split(/ +/).at(-1)),
  )
  expect({ sent, twice }).toEqual({ sent: 21, twice: 0 })
  expect(repeated).toBeGreaterThan(5)
  expect(delivered).toBeGreaterThanOrEqual(21 + Number(repeated))
  expect(Number(seen) + Number(ambiguous)).toBeGreaterThanOrEqual(21)
})
