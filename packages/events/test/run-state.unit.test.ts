import { describe, expect, it } from 'vitest'
import { evolveRun } from '../src/run/evolve.ts'
import { eventOf } from './journal.ts'
import { at, cancelled, completed, created, failed, fold, log, requested, resolved } from './run-events.ts'

describe('the status of a run', () => {
  it.each([
    ['is created at first', [created], 'created'],
    ['stays created while it only logs', [created, log], 'created'],
    ['is waiting while an effect is pending', [created, requested('a')], 'waiting'],
    [
      'is waiting while one of two effects is pending',
      [created, requested('a'), requested('b'), resolved('a')],
      'waiting',
    ],
    ['is running when no effect is pending any more', [created, requested('a'), resolved('a')], 'running'],
    [
      'is running when the pending effect failed',
      [created, requested('a'), resolved('a', 'error')],
      'running',
    ],
    [
      'is running when the pending effect was cancelled',
      [created, requested('a'), cancelled('a')],
      'running',
    ],
    ['is completed by RUN_COMPLETED', [created, completed], 'completed'],
    ['is completed even when an effect is pending', [created, requested('a'), completed], 'completed'],
    ['is failed by RUN_FAILED', [created, failed], 'failed'],
    [
      'is not changed by a wish to cancel',
      [created, requested('a'), { type: 'RUN_CANCEL_REQUESTED', data: {} }],
      'waiting',
    ],
    ['is cancelled by RUN_CANCELLED', [created, { type: 'RUN_CANCELLED', data: {} }], 'cancelled'],
    ['is not changed by RUN_HALTED', [created, requested('a'), { type: 'RUN_HALTED', data: {} }], 'waiting'],
    [
      'is failed by a RUN_FAILED after RUN_HALTED',
      [created, { type: 'RUN_HALTED', data: {} }, failed],
      'failed',
    ],
    [
      'is not changed by a mendable error',
      [created, { type: 'PROCESS_RUNTIME_ERROR', data: { error: 'x' } }],
      'created',
    ],
  ])('%s', (_title, given, status) => {
    const { run } = fold(...given)
    expect(run.status).toBe(status)
    expect(run.faultsTotal).toBe(0)
  })
})

describe('the summary of a run', () => {
  it('says what RUN_CREATED said', () => {
    expect(fold(created).run).toEqual({
      runId: 'r1',
      status: 'created',
      processId: 'demo/release',
      processRevision: 'rev-1',
      entrypoint: { importPath: 'release.mjs', exportName: 'process' },
      effectsTotal: 0,
      effectsPending: 0,
      pendingByKind: {},
      createdAt: at(1),
      updatedAt: at(1),
      lastSeq: 1,
      lastEventId: expect.any(String),
      lastEventType: 'RUN_CREATED',
      faults: [],
      faultsTotal: 0,
    })
  })

  it('knows the parent and the session, given directly or as nested', () => {
    const nested = { ...created, data: { ...created.data, nested: { parentRunId: 'p1', sessionId: 's1' } } }
    expect(fold(nested).run).toMatchObject({ parentRunId: 'p1', sessionId: 's1' })
    const direct = { ...created, data: { ...nested.data, parentRunId: 'p2', sessionId: 's2' } }
    expect(fold(direct).run).toMatchObject({ parentRunId: 'p2', sessionId: 's2' })
  })

  it('counts pending effects by kind', () => {
    const { run } = fold(
      created,
      requested('a', 'shell'),
      requested('b', 'shell'),
      requested('c', 'breakpoint'),
      resolved('a'),
    )
    expect(run).toMatchObject({
      effectsTotal: 3,
      effectsPending: 2,
      pendingByKind: { shell: 1, breakpoint: 1 },
    })
  })

  it.each(['constructor', '__proto__', 'toString'])('counts effects of kind %s like any other', (kind) => {
    const one = fold(created, requested('a', kind), requested('b', kind))
    expect(Object.entries(one.run.pendingByKind)).toEqual([[kind, 2]])
    const none = fold(created, requested('a', kind), resolved('a'))
    expect(Object.entries(none.run.pendingByKind)).toEqual([])
  })

  it('keeps the output, the error and the end', () => {
    expect(fold(created, completed).run).toMatchObject({
      output: { shipped: true },
      outputRef: 'state/output.json',
      endedAt: at(2),
    })
    expect(fold(created, failed).run).toMatchObject({ error: { name: 'E', message: 'm' }, endedAt: at(2) })
    expect(fold(created, { type: 'RUN_CANCELLED', data: {} }).run.endedAt).toBe(at(2))
  })

  it('keeps the first wish to cancel', () => {
    const wish = { type: 'RUN_CANCEL_REQUESTED', data: {} }
    expect(fold(created, wish, wish).run).toMatchObject({ cancelRequestedAt: at(2), faultsTotal: 0 })
  })

  it('takes over a newly assigned process', () => {
    const assigned = {
      type: 'PROCESS_ASSIGNED',
      data: { processId: 'demo/other', entrypoint: { importPath: 'other.mjs', exportName: 'go' } },
    }
    expect(fold(created, assigned).run).toMatchObject({
      processId: 'demo/other',
      processRevision: 'rev-1',
      entrypoint: { importPath: 'other.mjs', exportName: 'go' },
    })
  })

  it("uses the producers' clocks, so that an imported run keeps its times", () => {
    const event = eventOf('run/r1', { ...created, occurredAt: '2020-01-01T00:00:00.000Z' })
    expect(evolveRun({ run: undefined, effect: undefined }, event).run?.createdAt).toBe(
      '2020-01-01T00:00:00.000Z',
    )
  })
})

describe('an effect', () => {
  it('is what was requested', () => {
    expect(fold(created, requested('a', 'shell')).effects.get('a')).toEqual({
      effectId: 'a',
      runId: 'r1',
      invocationKey: 'k:a',
      stepId: 'S1',
      taskId: 't',
      kind: 'shell',
      label: 'a label',
      labels: ['a'],
      status: 'requested',
      inputs: { n: 1 },
      requestedAt: at(2),
      requestedSeq: 2,
    })
  })

  it('is resolved with its result', () => {
    expect(fold(created, requested('a'), resolved('a')).effects.get('a')).toMatchObject({
      status: 'resolved_ok',
      result: 7,
      startedAt: 'start',
      finishedAt: 'finish',
      stdoutRef: 'out',
      resolvedAt: at(3),
      resolvedSeq: 3,
    })
    expect(fold(created, requested('a'), resolved('a', 'error')).effects.get('a')?.status).toBe(
      'resolved_error',
    )
    expect(fold(created, requested('a'), cancelled('a')).effects.get('a')).toMatchObject({
      status: 'cancelled',
      resolvedSeq: 3,
    })
  })
})
