import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costText } from '../src/audit/costs.ts'
import { type AuditEntry, auditEntry } from '../src/audit/entry.ts'
import { type RunAudit, RunAuditor } from '../src/audit/run-audit.ts'
import type { JournalEvent } from '../src/envelope.ts'
import { withoutPayload } from '../src/erasure/payloads-erased.ts'
import { eventTypes } from '../src/registry.ts'
import { foldRun } from '../src/run/fold.ts'
import { eventOf, journalOf } from './journal.ts'
import { cancelled, completed, created, failed, type Given, log, requested, resolved } from './run-events.ts'

type Timed = Given & Partial<Pick<JournalEvent, 'occurredAt' | 'actor'>>

function audit(given: readonly Timed[]): RunAudit & { trail: AuditEntry[] } {
  return auditOf(journalOf('run/r1', given))
}

function auditOf(events: readonly JournalEvent[]): RunAudit & { trail: AuditEntry[] } {
  const auditor = new RunAuditor()
  const trail = events.map((event) => auditor.add(event))
  return { ...auditor.summary(), trail }
}

/** An instant of one day, by its time. */
const at = (time: string): string => `2026-11-21T${time}.000Z`

function asked(effectId: string, question: string): Given {
  const { type, data } = requested(effectId, 'breakpoint')
  return { type, data: { ...data, inputs: { payload: { question } } } }
}

function answered(effectId: string, result: Given['data']): Given {
  return { type: 'EFFECT_RESOLVED', data: { effectId, status: 'ok', result } }
}

describe('the trail of a run', () => {
  it('tells each event in a line', () => {
    const { trail } = audit([
      created,
      requested('e1', 'shell'),
      { type: 'EFFECT_PROGRESS', data: { effectId: 'e1', progressPercent: 50, progressLabel: 'half' } },
      {
        type: 'EFFECT_RESOLVED',
        data: { effectId: 'e1', status: 'error', error: { name: 'E', message: 'no\nroom' } },
      },
      requested('e2'),
      cancelled('e2'),
      {
        type: 'COST_TRACKED',
        data: { model: 'm-1', inputTokens: 1200, cacheReadTokens: 7, costUsd: 0.01234 },
      },
      log,
      { type: 'FOREIGN_EVENT', data: { type: 'ODD_ONE', data: { a: 1 } } },
      completed,
    ])
    expect(trail.map(({ type, text }) => `${type} ${text}`)).toEqual([
      'RUN_CREATED the run was created: process demo/release (revision rev-1)',
      'EFFECT_REQUESTED asks for shell “a label”',
      'EFFECT_PROGRESS progress of shell “a label”: 50 %, half',
      'EFFECT_RESOLVED failed: shell “a label”, after 2.0 s: E: no ⏎ room',
      'EFFECT_REQUESTED asks for node “a label”',
      'EFFECT_CANCELLED cancelled: node “a label”',
      'COST_TRACKED cost of m-1: 1,200 in, 7 cache read, 0.0123 USD',
      'PROCESS_LOG hello',
      'ODD_ONE {"a":1}',
      'RUN_COMPLETED the run completed: {"shipped":true}',
    ])
    expect(trail.map(({ outcome }) => outcome ?? '-').join(' ')).toBe('- - - failed - cancelled - - - ok')
    expect(trail[3]).toMatchObject({
      seq: 4,
      effectId: 'e1',
      runId: 'r1',
      durationMs: 2_000,
      actor: { id: 'bot-1' },
    })
  })

  const told = eventTypes.filter(({ type }) => type !== 'FOREIGN_EVENT')
  it.each(told.map(({ type, v }) => [type, v] as const))('tells %s in words', async (type, v) => {
    const golden = join(import.meta.dirname, 'golden', `${type}.v${v}.json`)
    const data: JournalEvent['data'] = JSON.parse(await readFile(golden, 'utf8'))
    const { text } = auditEntry(eventOf('some/stream', { type, v, data }))
    expect(text).toMatch(/^[^{[].{3,}$/)
    expect(text).not.toMatch(/\[object|“”| undefined[ ,]/)
  })

  it('says of an erased event that it is erased, and nothing of what it said', () => {
    const events = journalOf('run/r1', [created, requested('e1'), resolved('e1'), failed])
    const { trail, erasedTotal, failures } = auditOf(
      events.map((event) => (event.seq === 1 ? event : withoutPayload(event, 'E1'))),
    )
    expect(trail.slice(1).map(({ text, erasureId }) => `${text} ${erasureId}`)).toEqual(
      Array(3).fill('erased (E1) E1'),
    )
    expect(trail.map(({ outcome }) => outcome ?? '-').join(' ')).toBe('- - erased failed')
    expect({ erasedTotal, failures: failures.length }).toEqual({ erasedTotal: 3, failures: 1 })
  })

  it('flags what the state did not allow, and lets it count for nothing', () => {
    const { trail, failures, effects } = audit([
      created,
      requested('e1'),
      resolved('e1'),
      resolved('e1', 'error'),
      resolved('e9'),
    ])
    expect(trail.map(({ fault, outcome }) => fault ?? outcome ?? '-')).toEqual([
      '-',
      '-',
      'ok',
      'the effect is resolved_ok already',
      'the effect was never requested',
    ])
    expect(failures.map(({ seq }) => seq)).toEqual([4, 5])
    expect(effects).toMatchObject([{ effectId: 'e1', status: 'resolved_ok', settledSeq: 3 }])
  })

  it('tells an event without its run, as far as it goes', () => {
    const entry = auditEntry(eventOf('run/r9', resolved('e1')))
    expect(entry).toMatchObject({ runId: 'r9', effectId: 'e1', outcome: 'ok', text: 'done: effect e1' })
    expect(auditEntry(eventOf('note/n1', { type: 'NoteTaken', data: { words: 3 } }))).toMatchObject({
      text: '{"words":3}',
      type: 'NoteTaken',
    })
  })

  it('never tells more of a payload than a line', () => {
    const { text } = auditEntry(
      eventOf('run/r1', { type: 'PROCESS_LOG', data: { message: '😀'.repeat(5_000) } }),
    )
    expect(text).toBe(`${'😀'.repeat(149)}…`)
  })
})

describe('the audit of a run', () => {
  it('lists durations, longest first, and those that are open up to the last event', () => {
    const { effects, durationMs } = audit([
      { ...created, occurredAt: at('08:00:00') },
      { ...requested('short'), occurredAt: at('08:00:01') },
      { ...requested('open'), occurredAt: at('08:00:02') },
      { ...resolved('short'), occurredAt: at('08:00:04') },
      { ...log, occurredAt: at('08:01:02') },
    ])
    expect(effects.map(({ effectId, durationMs: ms, status }) => [effectId, ms, status])).toEqual([
      ['open', 60_000, 'requested'],
      ['short', 3_000, 'resolved_ok'],
    ])
    expect(durationMs).toBe(62_000)
  })

  it('says that nothing passed where clocks contradict each other', () => {
    const { effects, trail } = audit([
      created,
      { ...requested('e1'), occurredAt: at('09:00:00') },
      { ...resolved('e1'), occurredAt: at('08:59:59') },
    ])
    expect(effects[0]).toMatchObject({ durationMs: 0 })
    expect(trail[2]).toMatchObject({ durationMs: 0 })
  })

  it('lists approvals with question, decision, who, why and how long', () => {
    const { approvals, trail, waitedForPeopleMs } = audit([
      { ...created, occurredAt: at('08:00:00') },
      { ...asked('yes', 'Ship it?'), occurredAt: at('08:00:00') },
      { ...asked('no', 'Delete it?'), occurredAt: at('08:00:30') },
      {
        ...answered('yes', { approved: true, respondedBy: 'ann@example.com', response: 'fine' }),
        occurredAt: at('08:01:00'),
        actor: { kind: 'service', id: 'chat' },
      },
      {
        ...answered('no', { approved: false, reason: 'too late' }),
        occurredAt: at('08:01:30'),
        actor: { kind: 'user', id: 'bob' },
      },
      { ...asked('open', 'Really?'), occurredAt: at('09:00:00') },
      { ...log, occurredAt: at('09:00:10') },
    ])
    expect(approvals).toMatchObject([
      {
        effectId: 'yes',
        question: 'Ship it?',
        decision: 'approve',
        respondedBy: 'ann@example.com',
        decidedBy: { id: 'chat' },
        reason: 'fine',
        waitedMs: 60_000,
      },
      {
        effectId: 'no',
        question: 'Delete it?',
        decision: 'deny',
        decidedBy: { kind: 'user', id: 'bob' },
        reason: 'too late',
        waitedMs: 60_000,
      },
      { effectId: 'open', question: 'Really?', status: 'pending', waitedMs: 10_000 },
    ])
    // Two questions that were open at once waited for once.
    expect(waitedForPeopleMs).toBe(100_000)
    expect(trail.slice(2, 6).map(({ text }) => text)).toEqual([
      'a person is asked: “a label”: Delete it?',
      '“a label” approved by ann@example.com (as service chat says): fine, after 1 min 00 s',
      '“a label” denied by user bob: too late, after 1 min 00 s',
      'a person is asked: “a label”: Really?',
    ])
    expect(trail.map(({ outcome }) => outcome ?? '-').join(' ')).toBe('- - - approved denied - -')
  })

  it('keeps the first decision, and says that the second changed nothing', () => {
    const { approvals, trail } = audit([
      created,
      asked('q', '?'),
      answered('q', { approved: true }),
      answered('q', { approved: false }),
    ])
    expect(approvals).toMatchObject([{ decision: 'approve', decidedSeq: 3 }])
    expect(trail[3]).toMatchObject({ fault: 'the effect is resolved_ok already' })
    expect(trail[3]?.text).toContain('denied')
    expect(trail[3]).not.toHaveProperty('outcome')
    expect(trail[3]).not.toHaveProperty('durationMs')
  })

  it('has a question withdrawn when the run ends without it', () => {
    expect(audit([created, asked('q', '?'), failed]).approvals).toMatchObject([{ status: 'withdrawn' }])
  })

  it('sums up what models cost', () => {
    const cost = (model: string, inputTokens: number, costUsd: number): Given => ({
      type: 'COST_TRACKED',
      data: { model, inputTokens, costUsd },
    })
    const { run } = audit([created, cost('a', 10, 0.1), cost('b', 5, 0.2), cost('a', 1, 0.3)])
    const costs = run?.costs
    expect(costs).toMatchObject({ calls: 3, byModel: { a: { calls: 2 }, b: { calls: 1 } } })
    expect(costs && costText(costs)).toBe('16 in, 0.6000 USD')
  })
})

describe('laws of the audit', () => {
  const types = fc.constantFrom(...eventTypes.map(({ type }) => type), 'NEWER_TYPE', 'user-type')
  const ids = fc.constantFrom('a', 'b', '', '__proto__', 'constructor', 7)
  const likely = fc.record(
    {
      effectId: ids,
      kind: fc.constantFrom('node', 'breakpoint', 'constructor'),
      status: fc.constantFrom('ok', 'error', 'odd'),
      result: fc.constantFrom({ approved: true }, { approved: 'yes' }, 'x', null),
      error: fc.constantFrom({ name: 'N', message: 'M' }, { message: 5 }, [], 'x'),
      message: fc.string(),
      model: ids,
      inputTokens: fc.constantFrom(5, -1, 'x', 1e300),
      events: fc.constantFrom([], 'x'),
    },
    { requiredKeys: [] },
  )
  const data = fc.oneof(likely, fc.dictionary(fc.string(), fc.jsonValue()))
  const instants = fc
    .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString())
  const given = fc
    .array(fc.record({ type: types, data, occurredAt: instants }), { maxLength: 30 })
    .map((list): Timed[] => JSON.parse(JSON.stringify(list)))

  it('never throws, gives every event one line, and JSON of it says the same', () => {
    fc.assert(
      fc.property(given, fc.func(fc.boolean()), (list, isErased) => {
        const events = journalOf('run/r1', list).map((event) =>
          isErased(event.seq) ? withoutPayload(event, 'E') : event,
        )
        const { trail, ...summary } = auditOf(events)
        expect(trail.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq))
        for (const { text } of trail) expect(text).not.toMatch(/[\r\n\u2028\u2029]/)
        for (const { text } of trail) expect(text.length).toBeLessThanOrEqual(300)
        expect(JSON.parse(JSON.stringify({ trail, summary }))).toEqual({ trail, summary })
      }),
      { numRuns: 300 },
    )
  })

  it('agrees with the fold that everybody uses', () => {
    fc.assert(
      fc.property(given, (list) => {
        const events = journalOf('run/r1', [created, ...list])
        const { run, effects } = foldRun(events)
        const audited = auditOf(events)
        expect(audited.run).toMatchObject({
          status: run?.status,
          faultsTotal: run?.faultsTotal,
          effectsPending: run?.effectsPending,
        })
        expect(new Map(audited.effects.map(({ effectId, status }) => [effectId, status]))).toEqual(
          new Map([...effects].map(([effectId, { status }]) => [effectId, status])),
        )
        const faults = audited.trail.filter(({ fault }) => fault !== undefined)
        expect(faults).toHaveLength(run?.faultsTotal ?? 0)
      }),
      { numRuns: 300 },
    )
  })
})
