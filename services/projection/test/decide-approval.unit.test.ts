import type { JournalEvent } from '@daybook/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { journalOf } from '../../../packages/events/test/journal.ts'
import {
  cancelled,
  completed,
  created,
  failed,
  type Given,
  log,
  requested,
  resolved,
} from '../../../packages/events/test/run-events.ts'
import { type ApprovalState, approvalDecider, type DecideApproval } from '../src/approvals/decide.ts'

const ann = { kind: 'user' as const, id: 'ann' }
const bob = { kind: 'user' as const, id: 'bob' }
const approve: DecideApproval = {
  runId: 'r1',
  decision: 'approve',
  reason: 'tested',
  approver: ann,
  decidedAt: '2026-11-21T09:00:00.000Z',
}
const asked = requested('b1', 'breakpoint')
const decider = approvalDecider('b1')
const { initial } = decider
const evolve = (state: ApprovalState, event: JournalEvent) => decider.evolve(state, event)
const decide = (state: ApprovalState, command: DecideApproval) => decider.decide(state, command)

function stateAfter(...given: Given[]): ApprovalState {
  return journalOf('run/r1', given).reduce(evolve, initial)
}

/** The state once the decision was appended, by its approver. */
function decidedBy(command: DecideApproval, ...before: Given[]): ApprovalState {
  const decided = decide(stateAfter(...before), command)
  const events = journalOf('run/r1', [
    ...before,
    ...decided.map(({ type, data }) => ({ type, data: { ...data } })),
  ])
  return events.map((event) => ({ ...event, actor: command.approver })).reduce(evolve, initial)
}

describe('a decision about a breakpoint', () => {
  it('resolves it, as file-per-event tools write an answer, with who decided and why', () => {
    expect(decide(stateAfter(created, asked), { ...approve, scope: 'once' })).toEqual([
      {
        type: 'EFFECT_RESOLVED',
        key: expect.stringMatching(/^decision:[0-9a-f]{64}$/),
        data: {
          effectId: 'b1',
          status: 'ok',
          result: {
            approved: true,
            response: 'tested',
            respondedBy: 'ann',
            decision: 'approve',
            reason: 'tested',
            scope: 'once',
            approver: ann,
            decidedAt: '2026-11-21T09:00:00.000Z',
          },
        },
      },
    ])
  })

  it('is a good result also when it is no, with feedback for the process', () => {
    const [event] = decide(stateAfter(created, asked), { ...approve, decision: 'deny', reason: 'too early' })
    expect(event?.data).toMatchObject({
      status: 'ok',
      result: { approved: false, decision: 'deny', response: 'too early', feedback: 'too early' },
    })
  })

  it('counts once: whoever comes second is told the first one', () => {
    const state = decidedBy(approve, created, asked)
    const second = { ...approve, approver: bob }
    expect(() => decide(state, second)).toThrow(
      expect.objectContaining({
        code: 'already-decided',
        details: {
          approval: expect.objectContaining({ decision: 'approve', reason: 'tested', decidedBy: ann }),
        },
      }),
    )
  })

  it.each([
    { decision: 'deny' as const },
    { reason: 'another one' },
    { scope: 'session' },
    { approver: bob },
    { approver: { kind: 'agent' as const, id: 'ann' } },
  ])('is another one with %j', (change) => {
    expect(() => decide(decidedBy(approve, created, asked), { ...approve, ...change })).toThrow(
      expect.objectContaining({ code: 'already-decided' }),
    )
  })

  it('adds nothing when the same person repeats it', () => {
    const later = { ...approve, decidedAt: '2026-11-21T09:05:00.000Z' }
    expect(decide(decidedBy(approve, created, asked), later)).toEqual([])
  })

  it('comes too late for an answer that came another way', () => {
    expect(() => decide(stateAfter(created, asked, resolved('b1')), approve)).toThrow(
      expect.objectContaining({ code: 'already-decided' }),
    )
  })

  it.each([
    ['a run that is not there', []],
    ['an effect that nobody asked for', [created, requested('other', 'breakpoint')]],
    ['an effect that waits for no person', [created, requested('b1', 'node')]],
  ])('is refused for %s', (_what, given) => {
    expect(() => decide(stateAfter(...given), approve)).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    )
  })

  it.each([
    [
      'that was cancelled',
      [created, asked, cancelled('b1')],
      { effectStatus: 'cancelled', runStatus: 'running' },
    ],
    ['of a run that was completed', [created, asked, completed], { runStatus: 'completed' }],
    ['of a run that has failed', [created, asked, failed], { runStatus: 'failed' }],
  ])('is refused for one %s', (_what, given, details) => {
    expect(() => decide(stateAfter(...given), approve)).toThrow(
      expect.objectContaining({ code: 'invalid-transition', details: expect.objectContaining(details) }),
    )
  })

  it('stays made when the payload that tells of it was erased', () => {
    const key = decide(stateAfter(created, asked), approve)[0]?.key
    const erased = { erased: { erasureId: '01M7YJZD5YW502KKT9P5VKADPA' }, data: {}, ...(key && { key }) }
    const [first, second, third] = journalOf('run/r1', [created, asked, resolved('b1')])
    const events = [first, second, third && { ...third, ...erased }].filter((event) => event !== undefined)
    expect(() => decide(events.reduce<ApprovalState>(evolve, initial), approve)).toThrow(
      expect.objectContaining({ code: 'already-decided' }),
    )
  })

  it('does not depend on other effects of the run, however many there are', () => {
    const others = fc.array(
      fc.oneof(
        fc
          .constantFrom('o1', 'o2', 'o3')
          .chain((id) => fc.constantFrom(requested(id), resolved(id), cancelled(id))),
        fc.constant(log),
      ),
    )
    fc.assert(
      fc.property(others, others, (before, after) => {
        const state = stateAfter(created, ...before, asked, ...after)
        expect(decide(state, approve)).toHaveLength(1)
      }),
    )
  })

  it('is never flagged by the state that it leads to', () => {
    const given = fc.array(
      fc.constantFrom<Given>(created, asked, resolved('b1'), cancelled('b1'), completed, failed, log),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(given, (before) => {
        const state = stateAfter(...before)
        let decided: readonly { type: string; data: object }[] = []
        try {
          decided = decide(state, approve)
        } catch {
          return
        }
        const after = decided.reduce<ApprovalState>(
          (folded, { type, data }, index) => evolve(folded, eventAfter(before.length + index, type, data)),
          state,
        )
        expect(after.run?.faultsTotal).toBe(state.run?.faultsTotal)
      }),
    )
  })
})

function eventAfter(length: number, type: string, data: object): JournalEvent {
  const filler = Array.from({ length }, () => log)
  const event = journalOf('run/r1', [...filler, { type, data: JSON.parse(JSON.stringify(data)) }]).at(-1)
  if (event === undefined) throw new Error('there is no event')
  return event
}
