import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { connectDaybook, type Daybook } from '@daybook/client'
import { openEmbedded } from '@daybook/database'
import { createUlids, type Receipt } from '@daybook/events'
import { waitFor } from '@daybook/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook as command, type Ran } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack
let connection: Daybook
const nextId = createUlids()

/** Appends so many events to each of these runs, and waits until a checkpoint covers them. */
async function sealed(runs: Record<string, number>): Promise<Receipt[]> {
  const drafts = Object.entries(runs).flatMap(([runId, count]) =>
    Array.from({ length: count }, (_, nth) => {
      const data = { message: `line ${nth}` }
      return { id: nextId(), stream: `run/${runId}`, type: 'PROCESS_LOG', v: 1, data }
    }),
  )
  const { receipts } = await connection.append(drafts)
  const last = receipts.at(-1)?.position ?? 0
  await waitFor(async () => Number((await connection.verification.checkpoint()).split('\n')[1]) >= last, {
    what: `a checkpoint over ${last} events`,
    timeoutMs: 30_000,
  })
  return receipts
}

/** What it printed for a program; why not, if it printed nothing. */
function outputOf({ stdout, stderr }: Ran): unknown {
  return stdout === '' ? { stderr } : JSON.parse(stdout)
}

const verify = (...args: string[]): Promise<Ran> => command(['verify', ...args], { cwd: stack.folder })

beforeAll(async () => {
  stack = await startStack()
  connection = await connectDaybook({ url: stack.url, token: stack.token })
  await sealed({ live: 3, bundle: 5, tables: 4 })
}, 120_000)

afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

describe('the seal key of a stack', () => {
  it('is made at the first start, for the eyes of its owner only, and can be asked for', async () => {
    const folder = join(stack.folder, '.daybook', 'seal')
    expect((await readdir(folder)).toSorted()).toEqual(['seal.key', 'seal.pub'])
    expect((await stat(join(folder, 'seal.key'))).mode & 0o777).toBe(0o600)
    expect((await verify('--show-key')).stdout).toBe(await readFile(join(folder, 'seal.pub'), 'utf8'))
  })
})

describe('daybook verify', () => {
  it('of a running journal proves it with the key and an older checkpoint', async () => {
    const kept = join(stack.folder, 'kept.txt')
    await writeFile(kept, await connection.verification.checkpoint())
    const receipts = await sealed({ live: 4 })
    await writeFile(join(stack.folder, 'receipts.json'), JSON.stringify({ receipts }))
    const key = join('.daybook', 'seal', 'seal.pub')
    const whole = await verify(
      '--key',
      key,
      '--checkpoint',
      'kept.txt',
      '--receipt',
      'receipts.json',
      '--json',
    )
    expect([whole.exitCode, outputOf(whole)]).toMatchObject([0, { ok: true, remarks: [] }])
    const one = await verify('--key', key, '--checkpoint', 'kept.txt', '--stream', 'run/live', '--json')
    expect([one.exitCode, outputOf(one)]).toMatchObject([0, { ok: true, events: 7, sealed: 7 }])
  })

  it('says what it did not look at', async () => {
    const { exitCode, stdout, stderr } = await verify()
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Everything holds: \d+ events in \d+ streams\.\n\d+ are under a checkpoint/)
    expect(stderr).toMatch(/note: No --key was given/)
  })

  it('fails for a key that did not sign, and for a checkpoint that is not of this journal', async () => {
    const foreign = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    const wrongKey = await verify('--key', foreign)
    expect([wrongKey.exitCode, wrongKey.stderr]).toEqual([
      1,
      expect.stringContaining('[verification-failed]'),
    ])
    const note = await connection.verification.checkpoint()
    const [origin, size] = note.split('\n')
    await writeFile(
      join(stack.folder, 'foreign.txt'),
      `${origin}\n${size}\n${Buffer.alloc(32).toString('base64')}\n\n— x AAAA\n`,
    )
    const rewritten = await verify('--checkpoint', 'foreign.txt')
    expect([rewritten.exitCode, rewritten.stderr]).toEqual([1, expect.stringContaining('(rewritten)')])
    const longer = note.replace(`\n${size}\n`, `\n${Number(size) + 1000}\n`)
    await writeFile(join(stack.folder, 'longer.txt'), longer)
    const cut = await verify('--checkpoint', 'longer.txt')
    expect([cut.exitCode, cut.stderr]).toEqual([1, expect.stringContaining('(cut)')])
  })

  it.each([
    [['--bundle', 'nope.jsonl'], /There is no bundle nope.jsonl/],
    [['--key', 'nope.pub'], /There is no file nope.pub/],
    [['--database', 'nope'], /neither an address \(postgres:\/\/…\) nor the data folder/],
    [['--bundle', 'a', '--database', 'b'], /Name one of --bundle, --database/],
    [['--checkpoint', join('.daybook', 'seal', 'seal.pub')], /it holds no signed note/],
  ])('is told what it cannot use: %j', async (args, message) => {
    const { exitCode, stderr } = await verify(...args)
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  it('refuses the tables of a stack that runs', async () => {
    const { exitCode, stderr } = await verify('--database', '.daybook')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Stop it first')])
  })
})

describe('daybook stream:export', () => {
  it('writes a bundle that verifies without a server, also compressed', async () => {
    const exported = await command(['stream:export', 'run/bundle', '--out', 'run.jsonl'], {
      cwd: stack.folder,
    })
    expect([exported.exitCode, exported.stderr]).toEqual([
      0,
      expect.stringContaining('5 events are in run.jsonl'),
    ])
    const bytes = await readFile(join(stack.folder, 'run.jsonl'))
    await writeFile(join(stack.folder, 'run.jsonl.gz'), gzipSync(bytes))
    const key = join('.daybook', 'seal', 'seal.pub')
    for (const file of ['run.jsonl', 'run.jsonl.gz']) {
      const { exitCode, stdout } = await command(
        ['verify', '--bundle', file, '--key', key, '--json', '--url', 'http://127.0.0.1:1'],
        {
          cwd: stack.folder,
        },
      )
      expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { ok: true, events: 5, sealed: 5 }])
    }
    await writeFile(join(stack.folder, 'forged.jsonl'), bytes.toString().replace('line 3', 'line 9'))
    const forged = await verify('--bundle', 'forged.jsonl')
    expect([forged.exitCode, forged.stderr]).toEqual([1, expect.stringContaining('run/bundle seq 4')])
    const again = await command(['stream:export', 'run/bundle', '--out', 'run.jsonl'], { cwd: stack.folder })
    expect(again.exitCode).toBe(2)
  })

  it('has a relative that verifies a run where it is kept', async () => {
    const answer = await fetch(`${stack.url}/v1/runs/bundle/verify`, {
      headers: { authorization: `Bearer ${stack.token}` },
    })
    expect(await answer.json()).toMatchObject({ ok: true, events: 5, proven: 5 })
    const document: any = await (await fetch(`${stack.url}/v1/openapi.json`)).json()
    const paths = Object.keys(document.paths)
    expect(paths).toEqual(
      expect.arrayContaining(['/v1/checkpoint', '/v1/events/{id}/proof', '/v1/consistency']),
    )
  })

  it('of a stream that is not there fails', async () => {
    const { exitCode, stderr } = await command(['stream:export', 'run/nope'], { cwd: stack.folder })
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('[not-found]')])
  })
})

// Last, since it stops the stack.
describe('daybook verify --database', () => {
  it('needs no service at all, and names the event that was changed', async () => {
    await stack.stop()
    const key = join('.daybook', 'seal', 'seal.pub')
    const sound = await verify('--database', '.daybook', '--key', key, '--json')
    expect([sound.exitCode, outputOf(sound)]).toMatchObject([0, { ok: true }])
    const one = await verify('--database', '.daybook', '--stream', 'run/tables', '--key', key, '--json')
    expect([one.exitCode, outputOf(one)]).toMatchObject([0, { ok: true, events: 4, sealed: 4 }])
    const postgres = await openEmbedded(join(stack.folder, '.daybook', 'postgres'))
    await postgres.database().transaction(async (trx) => {
      await sql`set local session_replication_role = replica`.execute(trx)
      await sql`update journal.events set data = '{"message":"forged"}' where stream = 'run/tables' and seq = 2`.execute(
        trx,
      )
    })
    await postgres[Symbol.asyncDispose]()
    const forged = await verify('--database', '.daybook', '--json')
    expect(forged.exitCode).toBe(1)
    expect(outputOf(forged)).toMatchObject({
      ok: false,
      fault: { code: 'checksum', stream: 'run/tables', seq: 2 },
    })
    expect(JSON.parse(forged.stderr)).toMatchObject({ code: 'verification-failed' })
  })
})
