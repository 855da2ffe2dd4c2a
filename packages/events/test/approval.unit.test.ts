import { describe, expect, it } from 'vitest'
import { type Approval, approvalDetailsOf, approvalOf } from '../src/approval/approval.ts'
import { journalOf } from './journal.ts'
import { at, cancelled, completed, created, fold, type Given, requested } from './run-events.ts'

function answered(result: unknown, status = 'ok'): Given {
  return { type: 'EFFECT_RESOLVED', data: JSON.parse(JSON.stringify({ effectId: 'b1', status, result })) }
}

function asked(data: object): Given {
  const { type, data: common } = requested('b1', 'breakpoint')
  return { type, data: { ...common, ...JSON.parse(JSON.stringify(data)) } }
}

function approvalAfter(...given: Given[]): Approval {
  const { run, effects } = fold(created, ...given)
  const effect = effects.get('b1')
  if (effect === undefined) throw new Error('nothing was asked')
  return approvalOf(effect, run)
}

describe('approvalOf', () => {
  it('is pending until somebody decides', () => {
    const approval = approvalAfter(requested('b1', 'breakpoint'))
    expect(approval).toEqual({
      effectId: 'b1',
      runId: 'r1',
      status: 'pending',
      taskId: 't',
      stepId: 'S1',
      invocationKey: 'k:b1',
      label: 'a label',
      requestedAt: at(2),
      requestedSeq: 2,
    })
  })

  it('tells the decision, and who appended it as the journal knows', () => {
    const result = { approved: true, reason: 'tested', scope: 'once', respondedBy: 'somebody else' }
    const approval = approvalAfter(requested('b1', 'breakpoint'), answered(result))
    const [event] = journalOf('run/r1', [created])
    expect(approval).toMatchObject({
      status: 'decided',
      decision: 'approve',
      reason: 'tested',
      scope: 'once',
      decidedBy: event?.actor,
      respondedBy: 'somebody else',
      decidedAt: at(3),
      decidedSeq: 3,
    })
  })

  it.each([
    [{ approved: false, response: 'no' }, 'ok', { decision: 'deny', reason: 'no' }],
    [{ approved: true, respondedBy: 'owner@example.com', response: 'yes' }, 'ok', { decision: 'approve' }],
  ])('reads %j, as file-per-event tools write it', (result, status, expected) => {
    expect(approvalAfter(requested('b1', 'breakpoint'), answered(result, status))).toMatchObject(expected)
  })

  it.each([
    [{ approved: true }, 'error'],
    [{ approved: 'yes' }, 'ok'],
    ['approved', 'ok'],
    [null, 'ok'],
    [[true], 'ok'],
    [{ $blob: 'a'.repeat(64), bytes: 1, mediaType: 'application/json' }, 'ok'],
  ])('takes %j (%s) for no approval', (result, status) => {
    const approval = approvalAfter(requested('b1', 'breakpoint'), answered(result, status))
    expect(approval.status).toBe('decided')
    expect(approval).not.toHaveProperty('decision')
  })

  it('is withdrawn when the effect was cancelled, or the run ended without an answer', () => {
    expect(approvalAfter(requested('b1', 'breakpoint'), cancelled('b1')).status).toBe('withdrawn')
    expect(approvalAfter(requested('b1', 'breakpoint'), completed).status).toBe('withdrawn')
  })

  it('keeps the decision when the run has ended', () => {
    expect(
      approvalAfter(requested('b1', 'breakpoint'), answered({ approved: true }), completed),
    ).toMatchObject({
      status: 'decided',
      decision: 'approve',
    })
  })

  it.each([
    { inputs: { payload: { question: 'Ship?' } } },
    { inputs: { question: 'Ship?' } },
    { inputs: 7, taskDef: { metadata: { payload: { question: 'Ship?' } } } },
    { taskDef: { metadata: { question: 'Ship?' } } },
  ])('finds the question in %j', (data) => {
    expect(approvalAfter(asked(data)).question).toBe('Ship?')
  })

  it('leaves task, inputs and answer to the details', () => {
    const { run, effects } = fold(created, requested('b1', 'breakpoint'), answered({ approved: true }))
    const effect = effects.get('b1')
    if (effect === undefined) throw new Error('nothing was asked')
    const details = { labels: ['a'], inputs: { n: 1 }, result: { approved: true } }
    expect(approvalDetailsOf(effect, run)).toEqual({ ...approvalOf(effect, run), ...details })
  })
})
