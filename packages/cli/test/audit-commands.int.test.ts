import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDaybook } from '@daybook/client'
import type { AuditEntry, RunAudit } from '@daybook/events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRun } from '../src/audit/read-run.ts'
import { daybook } from './command-line.ts'
import { relabelledCopy } from './relabelled-run.ts'
import { fixture, soundRuns } from './run-directory.ts'
import { type RunningStack, startStack } from './running-stack.ts'

let stack: RunningStack

beforeAll(async () => {
  stack = await startStack()
  await ok('run:import', ...soundRuns.map((name) => fixture(name)))
}, 120_000)

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const run = (args: readonly string[], stdin?: string) =>
  daybook(args, { cwd: stack.folder, ...(stdin !== undefined && { stdin }) })

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(args)
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

type Audit = Omit<RunAudit, 'effects'> & {
  runId: string
  trail: AuditEntry[]
  durations: RunAudit['effects']
  parked: unknown
}

async function auditOf(runId: string): Promise<Audit> {
  const audit: Audit = JSON.parse(await ok('run:audit', runId, '--json'))
  return audit
}

async function report(...options: string[]): Promise<AuditEntry[]> {
  const lines = (await ok('audit:report', ...options, '--json')).split('\n').filter((line) => line !== '')
  return lines.map((line): AuditEntry => JSON.parse(line))
}

async function append(events: readonly object[]): Promise<void> {
  const { exitCode, stderr } = await run(
    ['events:append'],
    events.map((event) => JSON.stringify(event)).join('\n'),
  )
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
}

/** The run in a fixture, and the events that the tool itself lists of it. */
async function recorded(name: string): Promise<{ runId: string; types: string[] }> {
  const text = await readFile(fixture(name, 'cli', 'run-events.json'), 'utf8')
  const { events }: { events: { type: string; data: { runId: string } }[] } = JSON.parse(text)
  return { runId: events[0]?.data.runId ?? '', types: events.map(({ type }) => type) }
}

const completed = '01M7YJZD5YW502KKT9P5VKADPA'

describe('run:audit', () => {
  it.each(soundRuns)('has every event of the run %s, once and in order, in all forms', async (name) => {
    const { runId, types } = await recorded(name)
    const { trail, events, run: summary } = await auditOf(runId)
    expect(trail.map(({ type }) => type)).toEqual(types)
    expect(trail.map(({ seq }) => seq)).toEqual(types.map((_, index) => index + 1))
    expect({ events, faults: summary?.faultsTotal }).toEqual({ events: types.length, faults: 0 })

    const text = await ok('run:audit', runId)
    const lines = text.split('\n')
    expect(lines.slice(0, types.length).map((line) => line.trim().split(/ +/)[2])).toEqual(types)
    expect(lines[types.length]).toBe('')
    const csv = await ok('run:audit', runId, '--csv')
    expect(csv.split('\r\n')).toHaveLength(types.length + 2)
    const html = await ok('run:audit', runId, '--html')
    expect(html.match(/<span class="n">/g)).toHaveLength(types.length)
    expect(html.endsWith('</html>\n')).toBe(true)
  })

  it('lists durations longest first, failures, and approvals with who decided', async () => {
    const { durations, failures, approvals, waitedForPeopleMs, run: summary } = await auditOf(completed)
    const took = durations.map(({ durationMs }) => durationMs)
    expect(took).toEqual(took.toSorted((a, b) => (b ?? 0) - (a ?? 0)))
    expect(durations).toHaveLength(5)
    expect(failures).toMatchObject([
      { seq: 9, text: expect.stringContaining('LintError: 2 problems in web') },
    ])
    expect(approvals).toMatchObject([
      {
        question: 'Ship the plan?',
        decision: 'approve',
        respondedBy: 'owner@example.com',
        decidedSeq: 5,
        waitedMs: 338,
      },
    ])
    expect({ waitedForPeopleMs, status: summary?.status }).toEqual({
      waitedForPeopleMs: 338,
      status: 'completed',
    })
  })

  it('says what is pending, and what made a run fail', async () => {
    const { runId: waiting } = await recorded('pending-breakpoint')
    expect((await auditOf(waiting)).approvals).toMatchObject([
      { status: 'pending', question: 'Ship the plan?' },
    ])
    const { runId: broken } = await recorded('failed')
    expect((await auditOf(broken)).failures.at(-1)).toMatchObject({ type: 'RUN_FAILED' })
  })

  it('tells people in sections', async () => {
    const text = await ok('run:audit', completed, '--top', '2')
    expect(text).toContain(`${completed}  demo/release  completed, 12 events in 4.3 s`)
    expect(text).toMatch(
      /\nDurations \(5 effects, longest first\)\n +TOOK +WORK +STATUS .*\n.*\n.*\n… and 3 more/,
    )
    expect(text).toMatch(/\nFailures \(1\)\nSEQ +WHEN +WHAT\n +9 /)
    expect(text).toMatch(/\nApprovals \(1\)\n.*\n +4 +approve +338 ms +owner@example.com/)
  })

  it('writes to a new file, and never over another one', async () => {
    const file = join(stack.folder, 'report.html')
    expect(await ok('run:audit', completed, '--html', '--out', 'report.html')).toBe('')
    const written = await readFile(file, 'utf8')
    expect(written).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
    const again = await run(['run:audit', completed, '--csv', '--out', 'report.html'])
    expect(again).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('report.html is there already'),
    })
    expect(await readFile(file, 'utf8')).toBe(written)
  })

  it('of a run that is not there fails, says where to look, and leaves no file', async () => {
    const { exitCode, stdout, stderr } = await run(['run:audit', 'nope', '--html', '--out', 'nope.html'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toBe('daybook: There is no run nope. See which there are: daybook run:list [not-found]\n')
    await expect(readFile(join(stack.folder, 'nope.html'))).rejects.toThrow('ENOENT')
  })

  it('takes one form at a time', async () => {
    expect(await run(['run:audit', completed, '--csv', '--html'])).toMatchObject({ exitCode: 2, stdout: '' })
    expect(await run(['audit:report', '--csv', '--json'])).toMatchObject({ exitCode: 2, stdout: '' })
  })

  it('says of what was erased that it was, and shows nothing of it', async () => {
    const stream = 'run/audit-erased'
    const data = { runId: 'audit-erased', processId: 'p', entrypoint: { importPath: '', exportName: '' } }
    await append([
      { stream, type: 'RUN_CREATED', data },
      { stream, type: 'PROCESS_LOG', data: { message: 'a secret of ann' } },
      { stream, type: 'RUN_COMPLETED', data: { output: 1 } },
    ])
    await ok('events:erase', stream, '--reason', 'asked for by ann', '--yes', '--json')
    const text = await ok('run:audit', 'audit-erased')
    expect(text).not.toContain('secret')
    expect(text.split('\n')[1]).toMatch(/PROCESS_LOG +erased \(/)
    expect(text).toContain('! erased: the payloads of 3 events are gone')
    expect(text).toContain('completed, 4 events')
  })
})

describe('reading a run', () => {
  it('comes to an end though the run goes on: where it was at the beginning', async () => {
    await using connection = await connectDaybook({ url: stack.url, token: stack.token })
    const stream = 'run/audit-growing'
    const log = () => connection.draft({ stream, type: 'PROCESS_LOG', data: { message: 'on and on' } })
    // More than a page, so that what is appended meanwhile would be in the next one.
    for (const events of [1_000, 100]) await connection.append(Array.from({ length: events }, log))
    let read = 0
    for await (const { seq } of readRun(connection, 'audit-growing')) {
      if (seq === 1) await connection.append(Array.from({ length: 50 }, log))
      read += 1
    }
    expect(read).toBe(1_100)
  })
})

describe('run:audit of a damaged run', () => {
  it('says what was wrong with it, and that events are missing', async () => {
    await using copy = await relabelledCopy('01ADT', 'damaged', 'gap')
    await run(['run:import', copy.path, '--lenient'])
    const text = await ok('run:audit', copy.runId)
    expect(text).toMatch(/RUN_DAMAGED +the run was imported from a damaged directory: \d+ findings/)
    expect(text).toMatch(/\n! damaged: it was imported from a damaged directory \(\d+ findings?: .*gap/)
    expect(await ok('run:audit', copy.runId, '--html')).toContain('<p class="notice">damaged:')
  })
})

describe('audit:report', () => {
  it('tells of all runs and of what else happened, oldest first', async () => {
    const entries = await report()
    const positions = entries.map(({ position }) => position)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    expect(new Set(positions).size).toBe(positions.length)
    for (const name of soundRuns) {
      const { runId, types } = await recorded(name)
      expect(entries.filter((entry) => entry.runId === runId).map(({ type }) => type)).toEqual(types)
    }
    expect(entries.filter(({ stream }) => stream.startsWith('import/'))).toHaveLength(soundRuns.length + 1)
  })

  it('selects by time, by the clock of the journal: from the first instant on, before the second', async () => {
    const all = await report()
    for (const [from, to] of [
      [0, all.length - 1],
      [5, 40],
      [all.length - 1, all.length - 1],
    ] as const) {
      const [since = '', until = ''] = [all[from]?.recordedAt, all[to]?.recordedAt]
      const expected = all.filter(({ recordedAt }) => recordedAt >= since && recordedAt < until)
      expect(await report('--since', since, '--until', until)).toEqual(expected)
      expect(await report('--since', since)).toEqual(all.filter(({ recordedAt }) => recordedAt >= since))
    }
    expect(await report('--since', '1h')).toEqual(all)
    expect(await report('--until', '1h')).toEqual([])
    expect(await report('--since', '2100-01-01')).toEqual([])
  })

  it('selects by type, kind, actor and failure', async () => {
    const all = await report()
    const types = ['RUN_FAILED', 'RUN_COMPLETED']
    expect(await report('--type', types.join(','))).toEqual(all.filter(({ type }) => types.includes(type)))
    const imports = await report('--kind', 'import')
    expect(imports).toEqual(all.filter(({ stream }) => stream.startsWith('import/')))
    const failures = await report('--failures', '--kind', 'run')
    expect(failures.map(({ type }) => type)).toContain('RUN_FAILED')
    expect(failures.every(({ outcome }) => outcome === 'failed')).toBe(true)
    const actor = all[0]?.actor ?? { kind: '', id: '' }
    const theirs = all.filter((entry) => entry.actor.id === actor.id && entry.actor.kind === actor.kind)
    expect(await report('--actor', `${actor.kind}:${actor.id}`)).toEqual(theirs)
    expect(await report('--actor', 'nobody-of-that-name')).toEqual([])
  })

  it('shows people a line an event, and how many', async () => {
    const { stdout, stderr } = await run(['audit:report', '--type', 'RUN_FAILED'])
    expect(stdout).toMatch(/^ +\d+ {2}run\/\S+#\d+ {2}\S+Z {2}RUN_FAILED +the run failed: .* — user \S+\n$/)
    expect(stderr).toBe('1 event\n')
  })

  it('refuses a time that could mean anything', async () => {
    for (const time of ['yesterday', '2026-11-21T08:00', '21.11.2026', '5', '2026-13-01']) {
      expect(await run(['audit:report', '--since', time])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('It must be as in 2026-11-21'),
      })
    }
  })
})
