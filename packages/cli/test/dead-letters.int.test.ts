import { connectBus, inboxOfToken } from '@daybook/bus'
import { createUlids } from '@daybook/events'
import { waitFor } from '@daybook/testing'
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

function draft(runId: string, more: object = {}) {
  const base = { id: nextId(), stream: `run/${runId}`, type: 'PROCESS_LOG', v: 1 }
  return { ...base, data: { message: 'hello' }, ...more }
}

/** Publishes requests that the journal refuses, and waits for their dead letters; the ids, oldest first. */
async function refused(...bodies: object[]): Promise<string[]> {
  const before = (await open()).length
  await using bus = await connectBus({
    servers: stack.nats,
    name: 'test',
    token: stack.token,
    inboxPrefix: inboxOfToken('admin'),
    wait: true,
  })
  for (const body of bodies) await bus.publishQueued('daybook.queue.main.append', JSON.stringify(body))
  const letters = await waitFor(
    async () => {
      const found = await open()
      return found.length === before + bodies.length && found
    },
    { what: 'the dead letters' },
  )
  return letters
    .slice(0, bodies.length)
    .map(({ id }) => id)
    .toReversed()
}

async function open(): Promise<any[]> {
  return JSON.parse((await run(['dead-letters:list', '--json'])).stdout).deadLetters
}

/** Refused until the run has an event. */
function tooEarly(runId: string) {
  return { events: [draft(runId)], expect: { [`run/${runId}`]: 1 } }
}

const appendFirst = (runId: string) => run(['events:append'], { stdin: JSON.stringify(draft(runId)) })

describe('dead letters', () => {
  it('are listed and shown, with the reason', async () => {
    expect(await run(['dead-letters:list'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'No open dead letters.\n',
    })
    const [id = ''] = await refused({ events: [draft('d1', { type: 'NOPE' })] })
    expect(await open()).toMatchObject([
      { code: 'unknown-event-type', subject: 'daybook.queue.main.append', occurrences: 1, status: 'open' },
    ])
    expect((await run(['dead-letters:list'])).stdout).toMatch(
      /^ID +LAST SEEN +STATUS +TIMES +SOURCE +CODE +ABOUT +REASON\n/,
    )
    const shown = await run(['dead-letters:show', id])
    expect(shown.stdout).toMatch(/^id +\S+\nsource +journal-queue\nsubject +daybook\.queue\.main\.append\n/)
    expect(shown.stdout).toContain('"type":"NOPE"')
    expect(await run(['dead-letters:show', 'nope'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[not-found]'),
    })
  })

  it('are dismissed with a reason and by somebody, which is kept', async () => {
    const [id = ''] = await refused({ events: [draft('d2', { type: 'NOPE' })] })
    const dismiss = ['dead-letters:dismiss', id, '--reason', 'only a test']
    expect(await run(dismiss)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('dismissed') })
    expect((await open()).some((letter) => letter.id === id)).toBe(false)
    expect((await run(['dead-letters:show', id])).stdout).toMatch(/dismissed by user admin: only a test/)
    expect(await run(dismiss)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('already-settled'),
      stderr: '1 of 1 were refused; see which, and why, above.\n',
    })
  })

  it('are requeued, in the order in which they came, by who is at work here', async () => {
    const [first = '', second = ''] = await refused(tooEarly('d3'), {
      events: [draft('d3')],
      expect: { 'run/d3': 2 },
    })
    await appendFirst('d3')
    const args = ['dead-letters:requeue', '--all', '--code', 'seq-conflict', '--reason', 'it is there now']
    const { exitCode, stdout } = await run([...args, '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { id: first, outcome: 'appended' },
        { id: second, outcome: 'appended' },
      ],
      failed: 0,
    })
    expect(JSON.parse((await run(['dead-letters:show', first, '--json'])).stdout)).toMatchObject({
      status: 'requeued',
      decisions: [{ action: 'requeued', actor: { kind: 'user', id: 'admin' } }],
    })
  })

  it('that are refused again do not keep the others from being tried', async () => {
    const [bad = '', good = ''] = await refused(tooEarly('d4'), tooEarly('d5'))
    await appendFirst('d5')
    const { exitCode, stdout } = await run(['dead-letters:requeue', bad, good, '--reason', 'try', '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { id: bad, outcome: 'seq-conflict', problem: { code: 'seq-conflict' } },
        { id: good, outcome: 'appended' },
      ],
      failed: 1,
    })
  })

  it('are exported with content and history as JSON Lines', async () => {
    const { exitCode, stdout } = await run(['dead-letters:export', '--status', 'all'])
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(exitCode).toBe(0)
    expect(lines).toHaveLength(6)
    expect(lines.at(-1)).toMatchObject({ code: 'unknown-event-type', body: expect.stringContaining('NOPE') })
    expect(lines.flatMap(({ decisions }) => decisions)).toHaveLength(5)
  })
})
