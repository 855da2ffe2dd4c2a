import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Approval, approvalExportLines } from '@daybook/events'
import { createTempFolder } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { daybook } from './command-line.ts'

function approval(n: number): Approval {
  return {
    effectId: `b${n}`,
    runId: 'r1',
    status: 'decided',
    taskId: 't',
    stepId: 'S1',
    invocationKey: `k${n}`,
    requestedAt: '2026-11-21T08:00:00.000Z',
    requestedSeq: n,
    decision: 'approve',
    reason: 'tested',
  }
}

async function linesOf(recordsMax = 10): Promise<string[]> {
  const about = { filters: { status: 'decided' }, exportedAt: '2026-11-21T09:00:00.000Z', recordsMax }
  return Array.fromAsync(approvalExportLines([approval(1), approval(2), approval(3)], about))
}

const verify = (lines: readonly string[], ...args: string[]) =>
  daybook(['approvals:verify', ...args], { stdin: lines.map((line) => `${line}\n`).join('') })

describe('approvals:verify', () => {
  it('says of a whole export that it holds, without a server', async () => {
    const lines = await linesOf()
    const chain = JSON.parse(lines.at(-1) ?? '').trailer.chain
    expect(await verify(lines)).toEqual({
      exitCode: 0,
      stdout: `Everything holds: 3 approvals, exported at 2026-11-21T09:00:00.000Z.\nWhich: status decided.\nLast chain value: ${chain}\n`,
      stderr: '',
    })
  })

  it('reads a file', async () => {
    await using folder = await createTempFolder()
    await writeFile(join(folder.path, 'all.jsonl'), (await linesOf()).join('\n'))
    const around = { cwd: folder.path }
    expect((await daybook(['approvals:verify', 'all.jsonl'], around)).exitCode).toBe(0)
    expect(await daybook(['approvals:verify', 'none.jsonl'], around)).toMatchObject({
      exitCode: 2,
      stderr: 'daybook: There is no file none.jsonl that can be read. [invalid-usage]\n',
    })
  })

  it('names the first bad line, and exits with 1', async () => {
    const lines = await linesOf()
    const changed = lines.with(1, (lines[1] ?? '').replace('"approve"', '"deny"'))
    expect(await verify(changed)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'daybook: Line 2: the record does not have this checksum (checksum). [verification-failed]\n',
    })
    const { exitCode, stdout, stderr } = await verify(changed, '--json')
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, records: 1, fault: { line: 2, code: 'checksum' } })
    expect(JSON.parse(stderr)).toMatchObject({ code: 'verification-failed', details: { line: 2 } })
  })

  it('finds that the end is missing', async () => {
    expect(await verify((await linesOf()).slice(0, -1))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Line 4:'),
    })
  })

  it('says when there was more', async () => {
    expect(await verify(await linesOf(2))).toMatchObject({
      exitCode: 0,
      stderr: 'note: it was cut off; there are more than these.\n',
    })
  })

  it('finds an export that was made anew by the chain value that somebody has kept', async () => {
    const lines = await linesOf()
    const chain: string = JSON.parse(lines.at(-1) ?? '').trailer.chain
    expect((await verify(lines, '--chain', chain.toUpperCase())).exitCode).toBe(0)
    expect(await verify(await linesOf(2), '--chain', chain)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is another export'),
    })
    expect((await verify(lines, '--chain', 'abc')).exitCode).toBe(2)
  })

  it('shows what is in a hostile line, and does not obey it', async () => {
    const { stderr } = await verify(['{"\\u001b[2J": 1}'])
    expect(stderr).not.toContain('\u001b')
  })
})
