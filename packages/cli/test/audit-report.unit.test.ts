import type { JournalEvent } from '@daybook/events'
import { RunAuditor } from '@daybook/events'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvHeader, csvOf } from '../src/audit/csv.ts'
import { reportHtml } from '../src/audit/html/report.ts'
import { timeScale } from '../src/audit/html/time-scale.ts'
import { noticesOf } from '../src/audit/notices.ts'
import { summaryText } from '../src/audit/text.ts'
import { trailLine } from '../src/audit/trail-line.ts'
import { csvLine } from '../src/csv.ts'

const hostile =
  '</style></title><script>alert(1)</script><img src=x onerror="alert(2)">\'"`&\u001b[2J\u202e\n=1+1'

/** What a terminal obeys, or a browser, except for the line feed. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const commanding = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** A run in which everything that a stranger may name has a hostile name. */
function hostileRun(): JournalEvent[] {
  const given: { type: string; data: JournalEvent['data'] }[] = [
    {
      type: 'RUN_CREATED',
      data: {
        runId: 'r1',
        processId: hostile,
        processRevision: hostile,
        sessionId: hostile,
        parentRunId: hostile,
      },
    },
    { type: 'EFFECT_REQUESTED', data: { effectId: hostile, taskId: hostile, kind: hostile, label: hostile } },
    {
      type: 'EFFECT_RESOLVED',
      data: { effectId: hostile, status: 'error', error: { name: hostile, message: hostile } },
    },
    {
      type: 'EFFECT_REQUESTED',
      data: { effectId: 'b', taskId: 't', kind: 'breakpoint', inputs: { question: hostile } },
    },
    {
      type: 'EFFECT_RESOLVED',
      data: {
        effectId: 'b',
        status: 'ok',
        result: { approved: true, respondedBy: hostile, reason: hostile, scope: hostile },
      },
    },
    { type: 'EFFECT_RESOLVED', data: { effectId: 'b', status: hostile } },
    {
      type: 'COST_TRACKED',
      data: { model: hostile, inputTokens: 1, costUsd: 1, cost: { currency: hostile, amount: 1 } },
    },
    { type: 'FOREIGN_EVENT', data: { type: hostile, data: { [hostile]: hostile } } },
    {
      type: 'RUN_DAMAGED',
      data: { findings: [{ code: hostile, detail: hostile }], findingsTotal: 1, eventsLeftOut: 0 },
    },
    { type: 'RUN_FAILED', data: { error: { message: hostile } } },
  ]
  return given.map(({ type, data }, index) => eventOf({ type, data }, index + 1))
}

function eventOf({ type, data }: Pick<JournalEvent, 'type' | 'data'>, seq: number): JournalEvent {
  const at = new Date(Date.UTC(2026, 10, 21, 8, 0, seq)).toISOString()
  const actor = { kind: 'user', id: hostile } as const
  const hash = 'a'.repeat(64)
  return {
    id: `01K${String(seq).padStart(23, '0')}`,
    tenant: 'main',
    stream: 'run/r1',
    seq,
    position: seq,
    type,
    v: 1,
    data,
    actor,
    occurredAt: at,
    recordedAt: at,
    checksum: hash,
    prev: hash,
    hash,
  }
}

function audited(events: readonly JournalEvent[]) {
  const auditor = new RunAuditor()
  const trail = events.map((event) => auditor.add(event))
  return { audit: auditor.summary(), trail }
}

function page(events: readonly JournalEvent[], runId = 'r1'): string {
  const { audit, trail } = audited(events)
  const notices = noticesOf(audit, { seq: 1, position: 1, deadLetterId: hostile })
  return [...reportHtml({ runId, audit, trail, notices, madeAt: '2026-11-21T09:00:00.000Z' })].join('')
}

describe('the HTML report', () => {
  it('escapes all that events say: no tag and no attribute is theirs', () => {
    const html = page(hostileRun(), hostile)
    expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;')
    expect(html).not.toMatch(/<script|<img/i)
    expect(tagsOf(html)).toEqual(tagsOf(page(hostileRun().map(harmless), 'r1')))
  })

  it('shows control characters, and those that turn the direction of writing, instead of obeying them', () => {
    const html = page(hostileRun())
    expect(html).not.toMatch(commanding)
    expect(html).toContain('\\u202e')
  })

  it('needs nothing from elsewhere, and forbids itself to fetch it', () => {
    const html = page(hostileRun().map(harmless))
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`)
    expect(html.match(/<[^>]*\s(?:src|href|on\w+)\s*=/i)).toBeNull()
    expect(html).not.toMatch(/url\(|@import|https?:/i)
  })

  it('has every event, and of many effects those that matter most in the timeline', () => {
    const effects = Array.from({ length: 300 }, (_, index) => `e${index}`)
    const events = [
      { type: 'RUN_CREATED', data: { runId: 'r1', processId: 'p' } },
      ...effects.map((effectId) => ({
        type: 'EFFECT_REQUESTED',
        data: { effectId, taskId: 't', kind: 'node' },
      })),
      { type: 'EFFECT_RESOLVED', data: { effectId: 'e299', status: 'error', error: { message: 'broken' } } },
    ].map((event, index) => eventOf(event, index + 1))
    const html = page(events)
    expect(html.match(/<span class="n">/g)).toHaveLength(events.length)
    expect(html).toContain('120 of 300 effects')
    expect(html).toContain('(e299), resolved_error')
    expect(html).not.toContain('(e298), requested')
  })

  it('is whole for a run of which there is nothing but an odd event', () => {
    for (const type of ['EFFECT_RESOLVED', 'SOMETHING_NEW']) {
      const html = page([eventOf({ type, data: {} }, 1)])
      expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
      expect(html).not.toMatch(/NaN|undefined|Infinity/)
    }
  })
})

/** The page without its texts and the values of its attributes, which may differ. */
function tagsOf(html: string): string[] {
  return (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'))
}

function harmless(event: JournalEvent): JournalEvent {
  const text = JSON.stringify(event).replaceAll(JSON.stringify(hostile).slice(1, -1), 'word')
  const read: JournalEvent = JSON.parse(text)
  return { ...read, actor: { kind: 'user', id: 'ann' } }
}

describe('the trail and the summary on a terminal', () => {
  it('let no event move the cursor, or fake a line', () => {
    const { audit, trail } = audited(hostileRun())
    const lines = trail.map((entry) => trailLine(String(entry.seq), entry, false))
    const notices = noticesOf(audit, undefined)
    const summary = summaryText('r1', audit, { notices, colour: false, top: 5 })
    for (const text of lines) expect(text).not.toContain('\n')
    for (const text of [...lines, summary]) expect(text).not.toMatch(commanding)
    expect(summary).not.toMatch(/^=1\+1/m)
  })
})

describe('what a reader has to know first', () => {
  it('is nothing of a sound run, and whatever is not sound of another', () => {
    const sound = audited([eventOf({ type: 'RUN_CREATED', data: { runId: 'r1', processId: 'p' } }, 1)]).audit
    expect(noticesOf(sound, undefined)).toEqual([])
    expect(noticesOf(sound, 'wholly')).toEqual([expect.stringMatching(/^parked: .* here it is whole$/)])
    expect(noticesOf(sound, { seq: 4, position: 9, deadLetterId: '01K0' })).toEqual([
      expect.stringMatching(/^parked: .*from event 4 on .*dead-letters:show 01K0/),
    ])
    const odd = { ...sound, erasedTotal: 2 }
    expect(noticesOf(odd, undefined)).toEqual([
      expect.stringMatching(/^erased: the payloads of 2 events are gone/),
    ])
    const found = noticesOf(audited(hostileRun()).audit, undefined).map((notice) =>
      notice.slice(0, notice.indexOf(':')),
    )
    expect(found).toEqual(['damaged', 'faults'])
  })
})

describe('CSV', () => {
  it('is what RFC 4180 says', () => {
    expect(csvLine(['a', 1, undefined, true, 'b,c', 'say "x"', 'two\nlines'])).toBe(
      'a,1,,true,"b,c","say ""x""","two\nlines"\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '\n'])(
    'does not let a spreadsheet run %j',
    (cell) => {
      const [text] = parseCsv(csvLine([cell, 'next']))
      expect(text).toEqual([`'${cell}`, 'next'])
    },
  )

  it('leaves numbers numbers', () => {
    expect(csvLine([-5, 0.1])).toBe('-5,0.1\r\n')
  })

  it('is read back as it was written, cell by cell, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (cells) => {
        const [row = []] = parseCsv(csvLine(cells))
        expect(row.map((cell, index) => (cell === `'${cells[index]}` ? cells[index] : cell))).toEqual(cells)
      }),
    )
  })

  it('has a cell for each column, whatever an event says', () => {
    const rows = parseCsv(csvHeader + audited(hostileRun()).trail.map(csvOf).join(''))
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([parseCsv(csvHeader)[0]?.length]))
    for (const cell of rows.slice(1).flat()) expect(cell).not.toMatch(/^[=+@]/)
  })
})

/** As a spreadsheet reads it; written from RFC 4180, not from the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(cells)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== '\r\n') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('the scale of the timeline', () => {
  const instants = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 1, maxLength: 60 })

  it('never falls with time, from 0 at the first instant to 1 at the last, and leads back', () => {
    fc.assert(
      fc.property(instants, (list) => {
        const scale = timeScale(list)
        const sorted = list.toSorted((a, b) => a - b)
        const shares = sorted.map((ms) => scale.shareOf(ms))
        expect(shares).toEqual(shares.toSorted((a, b) => a - b))
        expect(shares[0]).toBe(0)
        if (sorted.at(-1) !== sorted[0]) expect(shares.at(-1)).toBe(1)
        const span = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0)
        for (const [index, ms] of sorted.entries())
          expect(Math.abs(scale.instantAt(shares[index] ?? 0) - ms)).toBeLessThanOrEqual(1 + span * 1e-6)
      }),
    )
  })

  it('draws a long pause short, says so, and everything else to scale', () => {
    const hour = 3_600_000
    const scale = timeScale([0, 1_000, 4_000, 4_000 + 48 * hour, 6_000 + 48 * hour])
    expect(scale.folds).toEqual([{ fromMs: 4_000, toMs: 4_000 + 48 * hour, share: expect.closeTo(0.65) }])
    expect(scale.shareOf(1_000)).toBeCloseTo(0.15)
    expect(scale.shareOf(4_000)).toBeCloseTo(0.6)
    expect(scale.shareOf(4_000 + 48 * hour)).toBeCloseTo(0.7)
  })

  it('is there for one instant, for none, and for one that is none', () => {
    expect(timeScale([0, 1_000, Number.NaN]).shareOf(500)).toBe(0.5)
    for (const list of [[], [5], [Number.NaN]]) {
      expect(timeScale(list).shareOf(5)).toBe(0)
      expect(timeScale(list).shareOf(Number.NaN)).toBe(0)
    }
  })
})
