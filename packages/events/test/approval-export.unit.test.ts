import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Approval } from '../src/approval/approval.ts'
import { type ApprovalExport, approvalExportLines } from '../src/approval/export-lines.ts'
import { verifyApprovalExport } from '../src/approval/verify-export.ts'
import { readLines } from '../src/bundle/lines.ts'

const ZEROS = '0'.repeat(64)

function approval(n: number, more: Partial<Approval> = {}): Approval {
  return {
    effectId: `b${n}`,
    runId: 'r1',
    status: 'decided',
    taskId: '__sdk.breakpoint',
    stepId: 'S1',
    invocationKey: `k${n}`,
    question: 'Ship it? ✓',
    requestedAt: '2026-11-21T08:00:00.000Z',
    requestedSeq: n,
    decision: 'approve',
    reason: 'tested',
    decidedBy: { kind: 'user', id: 'ann' },
    decidedAt: '2026-11-21T08:00:01.000Z',
    decidedSeq: n + 1,
    ...more,
  }
}

const three = [approval(1), approval(2), approval(3)]

async function linesOf(
  records: readonly Approval[],
  options: Partial<ApprovalExport> = {},
): Promise<string[]> {
  const lines: string[] = []
  const about = { filters: { status: 'decided' }, exportedAt: '2026-11-21T09:00:00.000Z', recordsMax: 1_000 }
  for await (const line of approvalExportLines(records, { ...about, ...options })) lines.push(line)
  return lines
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('an export of approvals', () => {
  it('is chained as the specification says, link by link', async () => {
    const lines = await linesOf(three)
    let prev = ZEROS
    for (const [index, text] of lines.slice(0, -1).entries()) {
      const line = JSON.parse(text)
      // RFC 8785 by hand: there is nothing in these records but texts, integers and one object, with keys to be sorted.
      const sorted = (value: object): string =>
        `{${Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(
            ([key, inner]) => `"${key}":${typeof inner === 'object' ? sorted(inner) : JSON.stringify(inner)}`,
          )
          .join(',')}}`
      expect(line.recordChecksum).toBe(sha256(sorted(line.record)))
      expect(line).toMatchObject({ schemaId: 'daybook/approvals/1', sequence: index + 1, prev })
      expect(line.chain).toBe(sha256(`daybook/approvals/1\n${index + 1}\n${prev}\n${line.recordChecksum}`))
      prev = line.chain
    }
    const { trailer } = JSON.parse(lines.at(-1) ?? '')
    expect(trailer).toEqual({
      schemaId: 'daybook/approvals/1',
      count: 3,
      chain: prev,
      filters: { status: 'decided' },
      cutOff: false,
      exportedAt: '2026-11-21T09:00:00.000Z',
    })
  })

  it('verifies, and tells how many there are and the last chain value', async () => {
    const lines = await linesOf(three)
    const { trailer } = JSON.parse(lines.at(-1) ?? '')
    expect(await verifyApprovalExport(lines)).toEqual({ records: 3, chain: trailer.chain, trailer })
  })

  it('verifies when nothing fitted the filters', async () => {
    expect(await verifyApprovalExport(await linesOf([]))).toMatchObject({
      records: 0,
      chain: ZEROS,
      trailer: { count: 0, chain: ZEROS },
    })
  })

  it('says when it was cut off, and only then', async () => {
    expect(await verifyApprovalExport(await linesOf(three, { recordsMax: 2 }))).toMatchObject({
      records: 2,
      trailer: { count: 2, cutOff: true },
    })
    expect(await verifyApprovalExport(await linesOf(three, { recordsMax: 3 }))).toMatchObject({
      records: 3,
      trailer: { count: 3, cutOff: false },
    })
  })

  it('holds one record at a time', async () => {
    let taken = 0
    function* endless(): Generator<Approval> {
      for (;;) {
        taken += 1
        yield approval(taken)
      }
    }
    const about = { filters: {}, exportedAt: '2026-11-21T09:00:00.000Z', recordsMax: 1_000 }
    const lines = approvalExportLines(endless(), about)
    await lines.next()
    await lines.next()
    expect(taken).toBe(2)
  })
})

/** What somebody may do to an export, and what is then found, on which line. */
const changes: [string, (lines: string[]) => string[], string, number][] = [
  ['a changed record', (l) => edit(l, 1, ({ record }) => (record.decision = 'deny')), 'checksum', 2],
  ['a member added to a record', (l) => edit(l, 0, ({ record }) => (record.extra = 1)), 'checksum', 1],
  [
    'a member removed from a record',
    (l) => edit(l, 2, ({ record }) => delete record.decidedBy),
    'checksum',
    3,
  ],
  ['a changed checksum', (l) => edit(l, 1, (line) => (line.recordChecksum = ZEROS)), 'checksum', 2],
  ['a changed prev', (l) => edit(l, 1, (line) => (line.prev = ZEROS)), 'prev', 2],
  ['a changed chain value', (l) => edit(l, 1, (line) => (line.chain = ZEROS)), 'chain', 2],
  ['a changed sequence', (l) => edit(l, 1, (line) => (line.sequence = 7)), 'sequence', 2],
  ['another schema', (l) => edit(l, 1, (line) => (line.schemaId = 'daybook/approvals/2')), 'format', 2],
  ['a member beside the record', (l) => edit(l, 1, (line) => (line.note = 'believe me')), 'format', 2],
  ['a missing member', (l) => edit(l, 1, (line) => delete line.prev), 'format', 2],
  ['a key that is there twice', (l) => l.with(1, `{"record":{},${l[1]?.slice(1)}`), 'format', 2],
  ['a removed first line', (l) => l.slice(1), 'sequence', 1],
  ['a removed line', (l) => l.toSpliced(1, 1), 'sequence', 2],
  ['a removed last record', (l) => l.toSpliced(2, 1), 'trailer', 3],
  ['a doubled line', (l) => l.toSpliced(1, 0, l[1] ?? ''), 'sequence', 3],
  ['two lines in each other’s place', (l) => [l[1] ?? '', l[0] ?? '', ...l.slice(2)], 'sequence', 1],
  ['a removed trailer', (l) => l.slice(0, -1), 'cut', 4],
  ['nothing left', () => [], 'cut', 1],
  ['a line cut in two', (l) => l.with(1, l[1]?.slice(0, 40) ?? ''), 'format', 2],
  ['an empty line', (l) => l.toSpliced(1, 0, ''), 'format', 2],
  ['a line behind the trailer', (l) => [...l, l[0] ?? ''], 'format', 5],
  ['a changed count', (l) => edit(l, 3, ({ trailer }) => (trailer.count = 2)), 'checksum', 4],
  ['changed filters', (l) => edit(l, 3, ({ trailer }) => (trailer.filters = {})), 'checksum', 4],
  ['a hidden cut', (l) => edit(l, 3, ({ trailer }) => (trailer.cutOff = !trailer.cutOff)), 'checksum', 4],
  ['a trailer of other lines', (l) => edit(l, 3, (line) => resealed(line, { count: 9 })), 'trailer', 4],
  ['a trailer with another end', (l) => edit(l, 3, (line) => resealed(line, { chain: ZEROS })), 'trailer', 4],
  ['a record of another export', (l) => edit(l, 1, (line) => relinked(line, 'other')), 'prev', 3],
]

function edit(lines: readonly string[], at: number, change: (line: any) => unknown): string[] {
  const line = JSON.parse(lines[at] ?? '')
  change(line)
  return lines.with(at, JSON.stringify(line))
}

/** A trailer whose own checksum is right. */
function resealed(line: any, change: object): void {
  Object.assign(line.trailer, change)
  const keys = Object.keys(line.trailer).toSorted()
  line.trailerChecksum = sha256(
    `{${keys.map((key) => `"${key}":${JSON.stringify(line.trailer[key])}`).join(',')}}`,
  )
}

/** A record that was exchanged, with its checksum and chain value made anew. */
function relinked(line: any, reason: string): void {
  line.record = { reason }
  line.recordChecksum = sha256(JSON.stringify(line.record))
  line.chain = sha256([line.schemaId, line.sequence, line.prev, line.recordChecksum].join('\n'))
}

describe('the verification of an export', () => {
  it.each(changes)('finds %s', async (_what, change, code, line) => {
    const { fault } = await verifyApprovalExport(change(await linesOf(three)))
    expect(fault).toMatchObject({ code, line })
  })

  it('finds every exchanged character', async () => {
    const lines = await linesOf(three)
    const text = lines.join('\n')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        async (index, other) => {
          fc.pre(text[index] !== other)
          const changed = text.slice(0, index) + other + text.slice(index + 1)
          const { fault } = await verifyApprovalExport(changed.split('\n'))
          expect(fault?.line).toBeLessThanOrEqual(text.slice(0, index).split('\n').length)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('finds any other order and any other choice of lines', async () => {
    const lines = await linesOf([...three, approval(4), approval(5)])
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines), async (others) => {
        fc.pre(others.length !== lines.length || others.some((line, index) => line !== lines[index]))
        expect((await verifyApprovalExport(others)).fault).toBeDefined()
      }),
    )
  })

  it('names the line that is no text', async () => {
    const lines = await linesOf(three)
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${lines[0]}\n`)
      yield Buffer.from([0xff, 0x0a])
    }
    expect((await verifyApprovalExport(readLines(bytes()))).fault).toMatchObject({ code: 'format', line: 2 })
  })

  it('does not mind how a line is spaced, and what the records say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), async (texts) => {
        const records = texts.map((reason, index) =>
          approval(index + 1, { reason: reason.toWellFormed().replaceAll('\u0000', '') }),
        )
        const lines = await linesOf(records)
        const spaced = lines.map((line) => JSON.stringify(JSON.parse(line), null, '\t').replaceAll('\n', ' '))
        expect((await verifyApprovalExport(spaced)).fault).toBeUndefined()
      }),
    )
  })
})
