import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { connectDaybook, type Daybook } from '@daybook/client'
import { createUlids, type Draft } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook, type Ran } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

const nextId = createUlids()

let stack: RunningStack
let client: Daybook

beforeAll(async () => {
  stack = await startStack()
  client = await connectDaybook({ url: stack.url, token: stack.token })
})

afterAll(async () => {
  await client[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

const run = (...args: string[]): Promise<Ran> => daybook(['--url', stack.url, ...args], { cwd: stack.folder })
const json = async (...args: string[]): Promise<any> => JSON.parse((await run('--json', ...args)).stdout)

/** A run that ended, with a secret in its output. */
async function finishedRun(): Promise<string> {
  const runId = nextId()
  const base = { stream: `run/${runId}`, v: 1 }
  const created = { runId, processId: 'p', entrypoint: { importPath: 'p.js', exportName: 'default' } }
  const drafts: Draft[] = [
    { ...base, id: nextId(), type: 'RUN_CREATED', data: created },
    { ...base, id: nextId(), type: 'RUN_COMPLETED', data: { output: `secret of ${runId}` } },
  ]
  await client.append(drafts)
  return runId
}

async function dataOf(runId: string) {
  return (await Array.fromAsync(client.stream(`run/${runId}`))).map(({ data }) => data)
}

async function outputOf(runId: string): Promise<unknown> {
  return (await client.runs.get(runId)).output
}

describe('daybook events:erase', () => {
  it('erases nothing as long as nobody says --yes', async () => {
    const runId = await finishedRun()
    const { exitCode, stderr } = await run('events:erase', `run/${runId}`, '--reason', 'x')
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(await dataOf(runId)).toMatchObject([{ runId }, { output: `secret of ${runId}` }])
  })

  it('erases in the journal, in JetStream and in the read model, and says so in the end', async () => {
    const runId = await finishedRun()
    await waitFor(async () => (await outputOf(runId).catch(() => undefined)) !== undefined, {
      what: 'the run',
    })
    const said = await run('events:erase', `run/${runId}`, '--reason', 'asked for', '--yes')
    expect(said.stdout).toMatch(/^Erased 2 payloads \(erasure\/\w{26}\)\./)
    expect((await dataOf(runId)).slice(0, 2)).toEqual([{}, {}])
    await waitFor(async () => (await outputOf(runId)) === undefined, { what: 'the read model' })
    expect(await client.runs.get(runId)).toMatchObject({ status: 'completed', erasedTotal: 2 })
    await waitFor(async () => (await json('erasures:list')).erasures[0].progress.stream === 'done', {
      what: 'JetStream',
    })
    const { erasures } = await json('erasures:list', '--limit', '1')
    expect(erasures).toMatchObject([
      { stream: `run/${runId}`, reason: 'asked for', actor: { kind: 'user', id: 'admin' }, events: 2 },
    ])
    expect((await run('erasures:list')).stdout).toContain('asked for')
  })

  it('takes ids, and either them or a stream', async () => {
    const runId = await finishedRun()
    const [first] = await Array.fromAsync(client.stream(`run/${runId}`))
    const answer = await json('events:erase', '--ids', first?.id ?? '', '--reason', 'x', '--yes')
    expect(answer.events).toBe(1)
    expect(await dataOf(runId)).toMatchObject([{}, { output: `secret of ${runId}` }, {}])
    expect((await run('events:erase', '--reason', 'x', '--yes')).exitCode).toBe(2)
  })
})

describe('daybook hold', () => {
  it('keeps a stream from being erased until it is released', async () => {
    const stream = `run/${await finishedRun()}`
    expect((await run('hold:set', stream, '--reason', 'case 7')).stdout).toContain('under a hold')
    expect((await json('hold:list')).holds).toMatchObject([{ stream, reason: 'case 7' }])
    const refused = await run('events:erase', stream, '--reason', 'x', '--yes')
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('legal-hold')])
    expect((await run('hold:release', stream, '--reason', 'closed')).exitCode).toBe(0)
    expect((await run('hold:list')).stderr).toContain('No stream is under a hold.')
    expect((await run('events:erase', stream, '--reason', 'x', '--yes')).exitCode).toBe(0)
    expect((await run('hold:release', stream, '--reason', 'x')).stderr).toContain('not-found')
  })
})

describe('daybook archive', () => {
  it('moves finished runs into the data directory, where they are read from as before', async () => {
    const runId = await finishedRun()
    const before = await dataOf(runId)
    expect((await json('archive:run', '--older-than-days', '0')).archived).toBeGreaterThan(0)
    const { archives } = await json('archive:list')
    const mine = archives.find(({ stream }: { stream: string }) => stream === `run/${runId}`)
    expect(mine.archivedAt).not.toBeNull()
    const bundle = await readFile(join(mine.location, mine.name))
    expect(gunzipSync(bundle).toString()).toContain(`secret of ${runId}`)
    expect(await readdir(join(mine.location, 'main'))).toContain(mine.name.slice('main/'.length))
    expect(await dataOf(runId)).toEqual(before)
    expect((await run('archive:list')).stdout).toContain(`run/${runId}`)
  })

  it('asks for an age where none is configured', async () => {
    const { exitCode, stderr } = await run('archive:run')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('olderThanDays')])
  })
})
