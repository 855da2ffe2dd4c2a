import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectDaybook, type Daybook } from '@daybook/client'
import { startProcess, waitFor } from '@daybook/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { daybook as command, type Surroundings } from './command-line.ts'
import { type RunningStack, startStack } from './running-stack.ts'

const nightlyDigest = join(import.meta.dirname, '..', '..', '..', 'examples', 'nightly-digest')
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

const run = (args: string[], around: Surroundings = {}) => command(args, { cwd: stack.folder, ...around })
const runJson = async (...args: string[]) => JSON.parse((await run([...args, '--json'])).stdout)

/** What a command prints once it prints this: the read model may be a moment behind. */
async function shown(text: string | RegExp, ...args: string[]): Promise<string> {
  return await waitFor(
    async () => {
      const { stdout } = await run(args)
      return stdout.match(text) !== null && stdout
    },
    { what: `${args.join(' ')} to show ${text}` },
  )
}

const nightly = ['--cron', '0 3 * * *', '--timezone', 'Europe/Berlin']
const deliver = ['--at', '2099-01-01', '--deliver']

describe('a job', () => {
  it('is created from options or a file, the same one again is no error, and another one is refused', async () => {
    const create = [
      'cron:create',
      'nightly',
      ...nightly,
      '--run',
      'demo/digest',
      '--entrypoint',
      'digest.mjs#digest',
    ]
    const created = await run(create)
    expect(created).toMatchObject({ exitCode: 0, stderr: '' })
    expect(created.stdout).toMatch(
      /^nightly is active; next at \S+ 03:00:00 \+0[12]:00 \(\S+T0[12]:00:00\.000Z\)\n$/,
    )
    expect((await run(create)).stdout).toBe(created.stdout)
    const other = await run([...create, '--concurrency', 'allow'])
    expect(other).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('[already-exists]'),
    })
    const file = {
      schedule: { everyMs: 3_600_000 },
      action: { do: 'publish', subject: 'a.b' },
      misfire: 'review',
    }
    await writeFile(join(stack.folder, 'hourly.json'), JSON.stringify(file))
    const hourly = await runJson('cron:create', 'hourly', '--file', 'hourly.json', '--grace', '5m')
    expect(hourly).toMatchObject({
      name: 'hourly',
      state: 'active',
      definition: { ...file, misfireGraceMs: 300_000, concurrency: 'forbid' },
    })
  })

  it('that never runs, or whose expression nobody can read, is refused with what to write instead', async () => {
    const of = (...schedule: string[]) => run(['cron:create', 'odd', ...schedule, '--deliver'])
    expect((await of('--cron', '0 0 30 2 *')).stderr).toContain('[never-fires]')
    expect((await of('--cron', '61 * * * *')).stderr).toContain('[invalid-schedule]')
    expect((await of('--cron', '* * * * *', '--timezone', 'Europe/Berln')).stderr).toContain(
      '[unknown-timezone]',
    )
  })

  it('is listed and shown with its next time, here and in UTC', async () => {
    const list = await shown(/^nightly /m, 'cron:list')
    expect(list).toMatch(/^NAME +STATE +NEXT \(LOCAL\) +NEXT \(UTC\) +LAST +OPEN +SCHEDULE +ACTION\n/)
    expect(list).toMatch(
      /^nightly +active +\S+ 03:00:00 \+0\d:00 +\S+Z +0 3 \* \* \* Europe\/Berlin +run demo\/digest$/m,
    )
    expect((await run(['cron:show', 'nightly'])).stdout).toMatch(
      /\nmisfire +run-once; on time within 1 min 00 s\n/,
    )
    expect(await run(['cron:list', '--state', 'paused'])).toMatchObject({
      stdout: '',
      stderr: 'No paused jobs.\n',
    })
    expect((await run(['cron:show', 'nobody'])).stderr).toContain('[not-found]')
  })

  it('tells its next times, and a schedule that is no job yet does so, too', async () => {
    const { next, timezone } = await runJson('cron:next', 'nightly', '-n', '3')
    expect([next.length, timezone]).toEqual([3, 'Europe/Berlin'])
    const preview = ['cron:preview', '--cron', '30 2 * * *', '--timezone', 'Europe/Berlin', '-n', '3']
    const { stdout } = await run([...preview, '--from', '2027-03-27T00:00Z'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(rows[0]).toEqual(['LOCAL', 'UTC', 'NOTE'])
    expect(rows.slice(1).map(([, utc]) => utc)).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ])
    expect(rows[2]?.[2]).toMatch(/\w/)
  })

  it('is changed, where it was not changed in the meantime, and loses what it can be without', async () => {
    const { revision } = await runJson('cron:update', 'hourly', '--max-runs', '5', '--misfire', 'skip')
    const stale = await run(['cron:update', 'hourly', '--max-runs', '6', '--if-revision', '1'])
    expect(stale).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[conflict]') })
    const updated = await runJson(
      'cron:update',
      'hourly',
      '--without',
      'maxRuns',
      '--if-revision',
      `${revision}`,
    )
    expect(updated.definition).toMatchObject({ misfire: 'skip', schedule: { everyMs: 3_600_000 } })
    expect(updated.definition).not.toHaveProperty('maxRuns')
    await run(['cron:update', 'hourly', '--max-attempts', '3', '--backoff', '1s'])
    await shown(/^attempts +3, the second after 1\.0 s$/m, 'cron:show', 'hourly')
    const { definition } = await runJson('cron:update', 'hourly', '--max-attempts', '5')
    expect(definition.retry).toEqual({ maxAttempts: 5, backoffMs: 1_000 })
  })

  it('is paused, resumed and deleted, and one that is refused stops no other', async () => {
    const paused = await run(['cron:pause', 'nobody', 'hourly', '--reason', 'the model is away', '--json'])
    expect(paused.exitCode).toBe(1)
    expect(JSON.parse(paused.stdout)).toMatchObject({
      results: [
        { job: 'nobody', outcome: 'not-found' },
        { job: 'hourly', outcome: 'paused', detail: 'it is paused' },
      ],
      failed: 1,
    })
    expect(await shown(/^state +paused$/m, 'cron:show', 'hourly')).toMatch(
      /^paused +\S+: the model is away$/m,
    )
    expect((await run(['cron:resume', 'hourly'])).stdout).toMatch(/^hourly +resumed +it is active$/m)
    expect((await run(['cron:delete', 'hourly'])).stdout).toMatch(/^hourly +deleted +it is deleted$/m)
    await shown(/^hourly +deleted/m, 'cron:list', '--state', 'deleted')
  })
})

describe('runs of a job', () => {
  it('are begun by a person, done by a worker, and told as they end', async () => {
    await run(['cron:create', 'report', ...deliver, '--payload', '{"page":1}', '--concurrency', 'allow'])
    await using _worker = daybook.cron.handle(
      'report',
      ({ payload }) => {
        if (payload === null) throw new Error('nothing to report on')
        return { reported: payload }
      },
      { handleSignals: false, waitMs: 500 },
    )
    const begun = await run(['cron:run-now', 'report', '--request-id', 'r1', '--wait'])
    expect(begun).toMatchObject({ exitCode: 0, stdout: 'now-r1 is succeeded\n{"reported":{"page":1}}\n' })
    expect(begun.stderr).toMatch(/now-r1: succeeded\n$/)
    expect(await runJson('cron:run-now', 'report', '--request-id', 'r1')).toMatchObject({
      run: { run: 'now-r1', state: 'succeeded' },
    })
    await run(['cron:update', 'report', '--deliver'])
    const failed = await run(['cron:run-now', 'report', '--request-id', 'r2', '--wait', '--json'])
    expect(failed.exitCode).toBe(1)
    expect(JSON.parse(failed.stdout).run).toMatchObject({
      state: 'failed',
      error: { message: 'nothing to report on' },
    })
    const history = (await run(['cron:history', 'report'])).stdout
    expect(history).toMatch(/^TIME \(LOCAL\) +TIME \(UTC\) +STATE +CAUSE +TRIES +LATE +TOOK +WHY +RUN\n/)
    expect(history).toMatch(/failed +now +1 .*Error +now-r2\n.*succeeded +now +1 .* now-r1\n$/)
    expect((await runJson('cron:history', 'report', '--state', 'failed')).runs).toHaveLength(1)
    expect((await run(['cron:history', 'nightly'])).stderr).toBe('No runs yet.\n')
  })

  it('are asked to end, which who works on one hears at once', async () => {
    await run(['cron:create', 'long', ...deliver])
    let heard: unknown
    await using _worker = daybook.cron.handle(
      'long',
      async (_run, { signal }) => {
        await pause(60_000, undefined, { signal }).catch(() => undefined)
        heard = signal.aborted
      },
      { handleSignals: false, waitMs: 500 },
    )
    const { run: begun } = await runJson('cron:run-now', 'long', '--request-id', 'r1')
    expect(begun).toMatchObject({ run: 'now-r1', state: 'active' })
    const waiting = await runJson('cron:run-now', 'long', '--request-id', 'r2')
    expect(waiting.run).toMatchObject({ state: 'queued', reason: 'overlap' })
    await shown(/now-r1 +active +now, attempt 1, \S+, until/, 'cron:show', 'long')
    await shown(/now-r2 +queued/, 'cron:show', 'long')
    const cancelled = await run(['cron:cancel', 'long', '--all', '--reason', 'enough'])
    expect(cancelled.stdout).toMatch(/^now-r1 +to end +it is active, to end$/m)
    expect(cancelled.stdout).toMatch(/^now-r2 +to end +it is skipped$/m)
    await shown(/cancelled +now +1 .* now-r1$/m, 'cron:history', 'long')
    expect(heard).toBe(true)
    expect((await run(['cron:cancel', 'long', '--all'])).stderr).toBe('There are none.\n')
  })

  it('make up for times of the past', async () => {
    const append = ['--append', 'RUN_HALTED', '--stream', 'run/elsewhere', '--data', '{}']
    await run(['cron:create', 'past', '--every', '1h', ...append])
    const range = ['--from', '2026-01-01T00:30Z', '--to', '2026-01-01T03:00Z']
    expect((await run(['cron:backfill', 'past', ...range, '--dry-run'])).stdout).toBe(
      '3 times would be made up for, from 2026-01-01T01:00:00.000Z to 2026-01-01T03:00:00.000Z.\n',
    )
    const done = await run(['cron:backfill', 'past', ...range, '--backfill-id', 'b1', '--wait'])
    expect(done).toMatchObject({ exitCode: 0 })
    expect(done.stdout.match(/succeeded +backfill/g)).toHaveLength(3)
    expect(await runJson('cron:backfill', 'past', ...range, '--backfill-id', 'b1')).toMatchObject({
      slots: 3,
    })
    const events = await Array.fromAsync(daybook.stream('run/elsewhere'))
    expect(events).toHaveLength(3)
    const tooMany = await run(['cron:backfill', 'past', '--from', '2025-01-01', '--to', '2026-01-01'])
    expect(tooMany).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/500/) })
    const told = await run(['audit:report', '--kind', 'cron'])
    expect(told.stdout).toContain('of job past began')
  })
})

it('the example makes a digest of what happened, remembers it once, and goes on where the last one ended', async () => {
  const env = { DAYBOOK_URL: stack.url }
  const worker = {
    command: process.execPath,
    args: [join(nightlyDigest, 'worker.mjs')],
    cwd: stack.folder,
    env,
  }
  // Beside the one that the example starts: all of them hear of each run, and one of them does it.
  await using _second = await startProcess(worker)
  await using _third = await startProcess(worker)
  const texts: string[] = []
  for (let times = 1; times <= 2; times += 1) {
    await using example = await startProcess({
      command: process.execPath,
      args: [join(nightlyDigest, 'run.mjs')],
      cwd: stack.folder,
      env,
    })
    expect(await example.ended).toEqual({ code: 0, signal: null })
    expect(example.output).toMatch(/^run of the job +now-\S+: succeeded$/m)
    texts.push(/^remembered +(.*)$/m.exec(example.output)?.[1] ?? '')
  }
  expect(texts[0]).toMatch(/^\d+ events since the beginning, 0 runs begun, none of them failed\.$/)
  expect(texts[1]).toMatch(/^\d+ events since event \d+, 0 runs begun/)
  const memories = await Array.fromAsync(daybook.stream('memory/agent/nightly-digest'))
  expect(memories.map(({ type, data }) => [type, data['text']])).toEqual(
    texts.map((text) => ['MEMORY_RETAINED', text]),
  )
  expect(memories.map(({ key }) => key)).toEqual([
    expect.stringMatching(/^run:cron:nightly-digest:now-/),
    expect.stringMatching(/^run:cron:nightly-digest:now-/),
  ])
  const told = await run(['audit:report', '--kind', 'memory'])
  expect(told.stdout).toContain(`to be remembered: ${texts[0]}`)
})
