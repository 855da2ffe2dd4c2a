import { describe, expect, it } from 'vitest'
import { foldRun } from '../src/run/fold.ts'
import { journalOf } from './journal.ts'
import { at, cancelled, completed, created, failed, fold, log, requested, resolved } from './run-events.ts'

describe('what the state does not allow', () => {
  it.each([
    ['a second RUN_CREATED', [created, created], 'the run was created before'],
    ['anything before RUN_CREATED', [log], 'PROCESS_LOG came before RUN_CREATED'],
    ['an effect before RUN_CREATED', [requested('a')], 'EFFECT_REQUESTED came before RUN_CREATED'],
    [
      'an effect requested twice',
      [created, requested('a'), requested('a')],
      'the effect was requested before',
    ],
    ['a result of an unknown effect', [created, resolved('a')], 'the effect was never requested'],
    ['a cancellation of an unknown effect', [created, cancelled('a')], 'the effect was never requested'],
    [
      'a second result',
      [created, requested('a'), resolved('a'), resolved('a', 'error')],
      'the effect is resolved_ok already',
    ],
    [
      'a result after a cancellation',
      [created, requested('a'), cancelled('a'), resolved('a')],
      'the effect is cancelled already',
    ],
    [
      'a result after the end',
      [created, requested('a'), completed, resolved('a')],
      'EFFECT_RESOLVED came after the run was completed',
    ],
    ['a second end', [created, completed, completed], 'RUN_COMPLETED came after the run was completed'],
    ['another end', [created, failed, completed], 'RUN_COMPLETED came after the run was failed'],
    [
      'a wish to cancel after the end',
      [created, completed, { type: 'RUN_CANCEL_REQUESTED', data: {} }],
      'RUN_CANCEL_REQUESTED came after the run was completed',
    ],
    [
      'an effect without an id',
      [created, { type: 'EFFECT_REQUESTED', data: {} }],
      'the event names no effect',
    ],
  ])('flags %s and changes nothing else', (_what, given, detail) => {
    const events = journalOf('run/r1', given)
    const last = events.at(-1)!
    const before = foldRun(events.slice(0, -1))
    const after = foldRun(events)
    expect(after.run?.faults).toEqual([
      { seq: last.seq, eventId: last.id, code: 'invalid-transition', detail },
    ])
    expect(after.run?.faultsTotal).toBe(1)
    expect(after.run).toMatchObject({
      lastSeq: last.seq,
      lastEventId: last.id,
      lastEventType: last.type,
      updatedAt: last.occurredAt,
    })
    expect(after.effects).toEqual(before.effects)
    if (before.run !== undefined) {
      const {
        faults: _f,
        faultsTotal: _t,
        lastSeq: _s,
        lastEventId: _i,
        lastEventType: _y,
        updatedAt: _u,
        ...state
      } = before.run
      expect(after.run).toMatchObject(state)
    }
  })

  it.each([
    'PROCESS_LOG',
    'STOP_HOOK_INVOKED',
    'SESSION_END_HOOK_INVOKED',
    'COST_TRACKED',
    'EFFECT_PROGRESS',
    'FOREIGN_EVENT',
  ])('does not include %s after the end', (type) => {
    expect(fold(created, completed, { type, data: { effectId: 'a' } }).run).toMatchObject({
      faultsTotal: 0,
      status: 'completed',
      lastSeq: 3,
    })
  })

  it('lets a run be created late, with the faults of what came too early', () => {
    const { run } = fold(log, created, requested('a'))
    expect(run).toMatchObject({
      status: 'waiting',
      processId: 'demo/release',
      createdAt: at(2),
      faultsTotal: 1,
    })
  })

  it('keeps the first 100 faults and counts the others', () => {
    const { run } = fold(created, ...Array.from({ length: 250 }, () => resolved('nobody')))
    expect(run.faults).toHaveLength(100)
    expect(run.faults.at(-1)?.seq).toBe(101)
    expect(run.faultsTotal).toBe(250)
  })
})
