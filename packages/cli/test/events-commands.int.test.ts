import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createUlids } from '@daybook/events'
import { createTempFolder, type ProcessEnd, startProcess, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatewayUrl } from '../src/endpoint.ts'
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
const draft = (runId: string, more: object = {}) => ({
  id: nextId(),
  stream: `run/${runId}`,
  type: 'PROCESS_LOG',
  v: 1,
  data: { message: 'hello' },
  ...more,
})

describe('the gateway is found', () => {
  it('by the stack that runs in this folder', async () => {
    expect(await run(['health'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^CHECK .*\njournal +ok\nprojection +ok\ninbound +ok\ncron +ok\ndatabase +ok\n$/s,
      ),
    })
  })

  it('by --url before DAYBOOK_URL before the folder', async () => {
    const elsewhere = { env: { DAYBOOK_URL: 'http://127.0.0.1:1' } }
    expect(await run(['health'], elsewhere)).toMatchObject({ exitCode: 1 })
    expect(await run(['health', '--url', stack.url], elsewhere)).toMatchObject({ exitCode: 0 })
    expect(await run(['health'], { cwd: '/', env: { DAYBOOK_URL: stack.url } })).toMatchObject({
      exitCode: 0,
    })
  })

  it('not by the file of a stack that is gone', async () => {
    await using folder = await createTempFolder()
    await mkdir(join(folder.path, '.daybook'))
    await writeFile(
      join(folder.path, '.daybook', 'endpoint.json'),
      JSON.stringify({ http: stack.url, nats: stack.nats, pid: 2 ** 22 + 1 }),
    )
    expect(await gatewayUrl(undefined, { cwd: folder.path, env: {} })).toBe('http://127.0.0.1:7400')
  })
})

describe('events:append', () => {
  it('appends lines of drafts from standard input and shows the receipts', async () => {
    const lines = [draft('a1'), draft('a1')].map((line) => JSON.stringify(line)).join('\n')
    const { exitCode, stdout, stderr } = await run(['events:append'], { stdin: lines })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(
      /^POSITION +STREAM +SEQ +ID\n +\d+ +run\/a1 +1 .* appended\n +\d+ +run\/a1 +2 .* appended\n$/,
    )
  })

  it('appends one request from a file, all or nothing, and the same again as duplicates', async () => {
    const file = join(stack.folder, 'request.json')
    await writeFile(
      file,
      JSON.stringify({ events: [draft('a2'), draft('a3')], expect: { 'run/a2': 'absent' } }, null, 2),
    )
    const first = JSON.parse((await run(['events:append', 'request.json', '--json'])).stdout)
    const second = JSON.parse((await run(['events:append', file, '--json'])).stdout)
    expect(first.receipts).toMatchObject([
      { stream: 'run/a2', duplicate: false },
      { stream: 'run/a3', duplicate: false },
    ])
    expect(second.receipts).toMatchObject([
      { stream: 'run/a2', duplicate: true },
      { stream: 'run/a3', duplicate: true },
    ])
  })

  it('fails with the code of the journal when it refuses', async () => {
    const request = JSON.stringify({ events: [draft('a4')], expect: { 'run/a4': 7 } })
    const { exitCode, stdout, stderr } = await run(['events:append', '--json'], { stdin: request })
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ code: 'seq-conflict', details: { actual: 0 } })
  })

  it('fails before it sends anything when a line is wrong or the file is not there', async () => {
    const lines = [JSON.stringify(draft('a5')), '{"stream":"run/a5"'].join('\n')
    expect(await run(['events:append'], { stdin: lines })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^daybook: Line 2: .*\[invalid-json\]\n$/),
    })
    expect(await run(['run:events', 'a5'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[not-found]'),
    })
    expect(await run(['events:append', 'nope.json'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Cannot read nope.json'),
    })
  })
})

describe('events:tail', () => {
  it('shows what comes, as lines of JSON, and ends with the signal', async () => {
    const stop = new AbortController()
    const lines: string[] = []
    const tailing = run(['events:tail', '--json', '--types', 'PROCESS_LOG'], {
      signal: stop.signal,
      onStdout: (text) => lines.push(text),
    })
    const appendOne = () =>
      run(['events:append'], { stdin: JSON.stringify(draft('t1', { data: { message: '\u001b[2J' } })) })
    await waitFor(async () => (await appendOne(), lines.length > 0), { what: 'the tail to have begun' })
    stop.abort()
    expect(await tailing).toMatchObject({ exitCode: 0, stderr: '' })
    expect(lines.every((line) => JSON.parse(line).stream === 'run/t1')).toBe(true)
  })

  it('begins where it is told to, ends after so many, and shows no control characters', async () => {
    const { exitCode, stdout } = await run(['events:tail', '--after', '0', '--limit', '2', '--kinds', 'run'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ +1 {2}\S+ {2}run\/a1 {2}PROCESS_LOG {2}\{"message":"hello"\}\n +2 .*\n$/)
  })
})

describe('as a process of its own', () => {
  const bin = join(import.meta.dirname, '..', 'bin', 'daybook.mjs')
  const args = [bin, 'events:tail', '--after', '0', '--url']

  it('a tail ends with exit code 0 on Ctrl-C', async () => {
    await using tailing = await startProcess({
      command: process.execPath,
      args: [...args, stack.url],
      cwd: stack.folder,
      readyWhen: /PROCESS_LOG/,
      stopSignal: 'SIGINT',
    })
    expect(await tailing.stop()).toEqual({ code: 0, signal: null })
  })

  it('a tail ends quietly when it writes and its reader is gone', async () => {
    const script = `set -o pipefail; "${process.execPath}" "${args.join('" "')}" "${stack.url}" | head -n 1`
    await using piped = await startProcess({
      command: 'bash',
      args: ['-c', script],
      cwd: stack.folder,
      readyWhen: /PROCESS_LOG/,
    })
    let end: ProcessEnd | undefined
    void piped.ended.then((how) => (end = how))
    const write = async (): Promise<boolean> => {
      await run(['events:append'], { stdin: JSON.stringify(draft('p1')) })
      return end !== undefined
    }
    await waitFor(write, { what: 'the tail to end' })
    expect(end).toMatchObject({ signal: null })
    expect(piped.output.trimEnd().split('\n')).toEqual([expect.stringContaining('PROCESS_LOG')])
  })
})

it('a stack trace is shown under DAYBOOK_DEBUG only', async () => {
  const nowhere = ['run:list', '--url', 'http://127.0.0.1:1']
  expect((await run(nowhere)).stderr).not.toMatch(/^ +at /m)
  expect((await run(nowhere, { env: { DAYBOOK_DEBUG: '1' } })).stderr).toMatch(/^ +at /m)
})

it('a run published by a plain NATS client is journaled and queried', async () => {
  const script = join(import.meta.dirname, '..', '..', '..', 'examples', 'publish-run', 'publish.mjs')
  await using publisher = await startProcess({
    command: process.execPath,
    args: [script],
    env: { NATS_URL: stack.nats, DAYBOOK_TOKEN: stack.token },
  })
  expect(await publisher.ended).toEqual({ code: 0, signal: null })
  const runId = /Published the run (\S+)\./.exec(publisher.output)?.[1] ?? ''
  const status = await waitFor(
    async () => {
      const found = JSON.parse((await run(['run:status', runId, '--json'])).stdout)
      return found.state === 'completed' ? found : undefined
    },
    { what: 'the published run' },
  )
  expect(status).toMatchObject({
    state: 'completed',
    processId: 'examples/greet',
    effectsTotal: 1,
    output: { greeted: true },
  })
})
